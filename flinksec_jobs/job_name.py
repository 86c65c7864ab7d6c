# SPDX-License-Identifier: Apache-2.0
"""The name of a job, and what is derived from it: one to one, whatever it is written in.

Two names that differ never share a directory, a log, a transactional id or a consumer group.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from flinksec_jobs.errors import FlinkSecError

LONGEST = 255
# The stored name of a sealed file has 255 bytes: so long a directory, the id of a run, that of a
# checkpoint and the longest name that Flink gives to a file fit into it.
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,150}")
_FILE_NAME = re.compile(r"[A-Za-z0-9._-]+(~[0-9a-f]{32})?|~[0-9a-f]{32}")
_READABLE = 60
_DIGEST_CHARACTERS = 32
# A slot of a sealed file's header has room for so long a name beside the wrapped key.
_BOUND = 80
# Directories below state.directory, or below that of a job, which mean something else.
_TAKEN = re.compile(r"checkpoints|savepoints|high-availability|shared|taskowned|(chk|savepoint)-.*")
# Control and format characters, half surrogates, separators of lines: nobody sees them.
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def checked(name: str) -> str:
    """Return the name as it is used, in Unicode's composed form (NFC): one look is one name.

    Raises:
        FlinkSecError: it is empty, longer than 255 characters, has characters that cannot be seen,
            begins or ends with a blank, or is one of the names that Flink's directories have.
    """
    problem = _problem(name)
    if problem is None:
        name = unicodedata.normalize("NFC", name)
        problem = _problem(name)
    if problem is None:
        return name
    shown = ascii(name if len(str(name)) <= _READABLE else f"{str(name)[:_READABLE]}…")
    raise FlinkSecError(
        f"the job's name {shown} {problem}",
        hint='give the job another name: SecureJob("late-flights"); its checkpoints, log, '
        "transactions and consumer group are kept under it",
    )


def _problem(name: object) -> str | None:
    if not isinstance(name, str):
        return "is no text"
    if not 0 < len(name) <= LONGEST:
        return f"has {len(name)} characters, and 1 to {LONGEST} are taken"
    unseen = next((c for c in name if unicodedata.category(c) in _INVISIBLE), None)
    if unseen is not None:
        return f"holds U+{ord(unseen):04X}, a character that cannot be seen"
    if name != name.strip():
        return "begins or ends with a blank"
    if _TAKEN.fullmatch(name):
        return "is that of a directory of Flink's own below state.directory"
    return None


def file_name(name: str) -> str:
    """Return the name of a job's directory and files.

    Names of ASCII letters, digits, dots, dashes and underscores, up to 150, stay as they are.
    Others keep what can be read of them, and get a digest of all of it after a tilde, which no
    plain name has.

    Args:
        name: one that `checked` has returned.
    """
    if _PLAIN.fullmatch(name) and set(name) != {"."}:
        return name
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:_READABLE]
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{readable}~{digest}"


def bound_name(name: str) -> str:
    """Return the name by which key services know a job: its directory's, cut to 80 characters.

    What is cut gets a digest of all of it.
    """
    found = file_name(name)
    if len(found) <= _BOUND:
        return found
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{found[: _BOUND - 1 - _DIGEST_CHARACTERS]}~{digest}"


def may_be_file_name(name: str) -> bool:
    """Whether a job's directory, of this version or an earlier one, may be called so."""
    return bool(_FILE_NAME.fullmatch(name)) and not _TAKEN.fullmatch(name)


def transactional_id_prefix(
    job: str,
    topic: str,
    number: int | str = 1,
    *,
    prefix: str | None = None,
    cluster: str | None = None,
) -> str:
    """Return what the transactional ids of a job's sink begin with: ``PREFIX/JOB:TOPIC@EAST#2:``.

    No two sinks have the same, whatever their jobs, topics and clusters are called, and none begins
    with another: Flink may abort what is left of earlier runs by the beginning of its id.

    Args:
        job: the job's name; a colon, slash or percent sign in it is written as in a URL.
        topic: the topic, whose name has letters, digits, dots, dashes and underscores.
        number: which of the job's sinks to the topic it is, in the order in which they are
            attached to streams; it is the same after a restart. A word for one that is not
            attached by the job's program.
        prefix: ``kafka.transactional_id_prefix``, without a colon; in front of the job's name, so
            that jobs with the same settings do not fence each other off.
        cluster: the name of the cluster; two of them may have the same brokers.
    """
    escaped = job.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")
    owner = escaped if prefix is None else f"{prefix}/{escaped}"
    where = topic if cluster is None else f"{topic}@{cluster}"
    return f"{owner}:{where}:" if number == 1 else f"{owner}:{where}#{number}:"


def former_file_name(name: str) -> str:
    """Return the directory that earlier versions gave to a job, which several names could share."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)
