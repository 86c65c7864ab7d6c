# SPDX-License-Identifier: Apache-2.0
"""What may be handed through to Flink under its own names, and what may not.

Refused are keys that hold a secret's value (secrets are files), keys that one of our own
settings decides (two answers to one question), and keys that would quietly undo sealed state.
Which option is of which kind is told by `flink_options`, and which are decided by the settings
that declare them (`decides`); old names count as the new ones.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flinksec_jobs.sections.decides import Decided
from flinksec_jobs.settings import java_options
from flinksec_jobs.settings.flink_options import FlinkOption, meant, options_set_by
from flinksec_jobs.settings.secret_names import holds_secret

# What takes the TLS of internal traffic away again when it is false.
TLS_PLANES = {
    "pekko.ssl.enabled": "RPC",
    "blob.service.ssl.enabled": "the blob server",
    "taskmanager.data.ssl.enabled": "the data between TaskManagers",
}
_SEALED = re.compile(r"sealed\+[a-z][a-z0-9+.-]*:/[^,;]*")
_JMX = "JMXReporter"


@dataclass(frozen=True)
class Giving:
    """Where options stand, and beside what.

    Attributes:
        sealed: whether state is sealed.
        cluster: whether they are for a cluster, whose settings decide more.
        process: whether they are for a single process (``-D``), which may differ in some.
    """

    sealed: bool
    cluster: bool
    process: bool = False


def is_sealed(value: object) -> bool:
    """Whether a directory goes through the sealed file system."""
    return _SEALED.fullmatch(str(value)) is not None


def refused_in_flink(
    options: Mapping[str, object], giving: Giving, decided: Mapping[str, Decided]
) -> Iterator[tuple[str, str]]:
    """Yield (key, problem) for Flink options that must not be handed through.

    Args:
        options: Flink's names and what is said of them.
        giving: where they stand.
        decided: who decides, by Flink's names (`decided_by`).
    """
    for key, value in options.items():
        if problem := _problem(key, value, giving, decided):
            yield key, problem


def _problem(key: str, value: object, giving: Giving, decided: Mapping[str, Decided]) -> str | None:
    if key == "security.ssl.enabled":
        return "has no effect since Flink 2.0: [cluster.tls] sets up TLS"
    if key.startswith("kubernetes.env.secretKeyRef"):
        return "puts a secret into the environment, which Flink logs: mount it as a file"
    options = options_set_by(key)
    problems = [
        _of_setting(decided[option.name], giving)
        if option.name in decided
        else _problem_of(option, value, giving)
        for option in options
    ]
    if found := next((problem for problem in problems if problem), None):
        is_new = any(key == option.name or "<" in option.name for option in options)
        return found if is_new else f"is an old name of {options[0].name}, which {found}"
    if holds_secret(key):
        return _WOULD_BE_SHOWN
    if not options and (guess := meant(key)):
        return f"is no option of Flink, did you mean {guess}?"
    return None


def _problem_of(option: FlinkOption, value: object, giving: Giving) -> str | None:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    judge = _JUDGES.get(option.kind)
    return judge(option, text, giving) if judge else None


def _of_setting(decided: Decided, giving: Giving) -> str | None:
    if decided.may_differ == "by run" and not giving.cluster:
        return None
    if decided.may_differ != "nowhere" and giving.process:
        return None
    return f"has a setting of its own: use {' or '.join(decided.settings)}"


def _value(option: FlinkOption, text: str, _: Giving) -> str | None:
    if text.strip().lower() in option.values:
        return None
    if option.name in TLS_PLANES:
        return f"leaves {TLS_PLANES[option.name]} without TLS: remove it"
    return f"may only be {' or '.join(option.values)}"


def _java(_: FlinkOption, text: str, __: Giving) -> str | None:
    found = next(java_options.problems(text), None)
    return f"gives Java {found[0]}, which {found[1]}" if found else None


def _reporter(_: FlinkOption, text: str, __: Giving) -> str | None:
    opens = _JMX in text
    return "opens a management port without a password: use another reporter" if opens else None


def _state(_: FlinkOption, text: str, giving: Giving) -> str | None:
    if not giving.sealed or is_sealed(text):
        return None
    return "writes state outside the seal: put sealed+ before its scheme"


def _local_disk(_: FlinkOption, __: str, giving: Giving) -> str | None:
    if not giving.sealed:
        return None
    return (
        "writes state, records or job graphs in clear to a local disk: remove it, they go to "
        "cluster.temp_dir, a volume in memory"
    )


def _sealed_value(option: FlinkOption, text: str, giving: Giving) -> str | None:
    if not giving.sealed or text.strip().lower() in option.values:
        return None
    return SEALED_VALUES[option.name]


_WOULD_BE_SHOWN = (
    "holds a secret, which is never written into the settings: name a file by the settings of the "
    "section it belongs to"
)
_JUDGES: Mapping[str, Callable[[FlinkOption, str, Giving], str | None]] = {
    "pinned": lambda option, *_: f"cannot be set: it decides {option.detail}",
    "value": _value,
    "tls": lambda *_: "has a setting of its own: use [cluster.tls]",
    "secret": lambda *_: _WOULD_BE_SHOWN,
    "java": _java,
    "reporter": _reporter,
    "state": _state,
    "local-disk": _local_disk,
    "sealed-value": _sealed_value,
    "table": lambda *_: "is no option of Flink's configuration: it belongs to a table",
    "internal": lambda *_: "is internal, and set at start: remove it",
}
# Why an option of the class sealed-value may have no other value.
SEALED_VALUES = {
    "execution.checkpointing.file-merging.enabled": "cannot be combined with sealed state: merged "
    "files are read before they are whole",
    "execution.checkpointing.local-backup.enabled": "writes copies of sealed state in clear to a "
    "local disk: remove it",
    "execution.state-recovery.from-local": "reads copies of sealed state in clear from a local "
    "disk: remove it",
    "execution.checkpointing.storage": "chooses where checkpoints go, past the seal: remove it, "
    "state.directory decides",
    "state.changelog.storage": "names a class that writes state past the seal: it may be memory "
    "or filesystem",
    "state.backend.rocksdb.options-factory": "runs other code in RocksDB, which may put its "
    "files anywhere: remove it",
    "state.backend.forst.options-factory": "runs other code in ForSt, which may put its files "
    "anywhere: remove it",
}
