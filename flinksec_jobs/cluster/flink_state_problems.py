# SPDX-License-Identifier: Apache-2.0
"""Where a Flink configuration lets state, job graphs, results or records past the seal.

Every option that names a directory for them counts, under each of its names: Flink takes an old
name where the new one is not set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from flinksec_jobs import key_providers
from flinksec_jobs.cluster.flink_conf_values import Options
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.settings.flink_options import effective, flink_options, names, of_class
from flinksec_jobs.settings.passthrough import SEALED_VALUES, is_sealed

_PLAINTEXT_HA_STORAGE = problem(
    "plaintext-ha-storage", "job graphs are written in clear beside sealed state"
)
_PLAINTEXT_STATE_DIRECTORY = problem(
    "plaintext-state-directory", "state is written in clear beside sealed state"
)
_SEAL_WITHOUT_KEYS = problem("seal-without-keys", "sealed state without keys")
_FILE_MERGING_OF_SEALED_STATE = problem(
    "file-merging-of-sealed-state", "an option that does not work with sealed state"
)
_PAST_THE_SEAL = problem("past-the-seal", "state goes past the seal")
_STATE_ON_A_LOCAL_DISK = problem("state-on-a-local-disk", "state or records in clear on a disk")

_TEMPORARY = "io.tmp.dirs"


def state_problems(config: Options) -> Iterator[Finding]:
    """Yield what is wrong, if any state is sealed; that none is, is a choice."""
    directories = dict(_directories(config))
    sealed = sorted(key for key, value in directories.items() if is_sealed(value))
    if not sealed:
        return
    for key in sorted(directories.keys() - set(sealed)):
        storage = flink_options()["high-availability.storageDir"]
        is_storage = key in names(storage)
        yield (_PLAINTEXT_HA_STORAGE if is_storage else _PLAINTEXT_STATE_DIRECTORY).at(
            Where(field=key),
            f"writes state in clear, while {sealed[0]} is sealed",
            fix="put sealed+ before its scheme",
        )
    kinds = key_providers.kinds()
    if not any(str(config.get(kind.naming, "")).strip() for kind in kinds):
        yield _SEAL_WITHOUT_KEYS.at(
            Where(field=kinds[0].naming),
            "is missing, so sealed state can be neither written nor read",
            fix="name " + ", or ".join(f"{kind.named_as} ({kind.naming})" for kind in kinds),
        )
    yield from _values(config)
    yield from _local_disks(config)


def _directories(config: Options) -> Iterator[tuple[str, str]]:
    """Yield the keys that name a directory of state, and the directories."""
    for option in of_class("state"):
        for key in names(option):
            if value := str(config.get(key, "") or "").strip():
                yield key, value


def _values(config: Options) -> Iterator[Finding]:
    for option in of_class("sealed-value"):
        for key in names(option):
            if key in config and str(config[key]).strip().lower() not in option.values:
                is_merging = option.name.endswith("file-merging.enabled")
                yield (_FILE_MERGING_OF_SEALED_STATE if is_merging else _PAST_THE_SEAL).at(
                    Where(field=key),
                    SEALED_VALUES[option.name].partition(": remove it")[0],
                    fix="remove it",
                )


def _local_disks(config: Options) -> Iterator[Finding]:
    option = flink_options()[_TEMPORARY]
    given = str(effective(config, option) or "/tmp")  # noqa: S108  Flink's own default
    temporary = [PurePosixPath(path) for path in _split(given)]
    seen = set()
    for found in of_class("local-disk"):
        for key in names(found):
            if key not in config or key in seen:
                continue
            seen.add(key)
            paths = _split(str(config[key]).removeprefix("file:"))
            if not all(_is_below(path, temporary) for path in paths):
                yield _STATE_ON_A_LOCAL_DISK.at(
                    Where(field=key),
                    f"writes state, records or job graphs in clear outside of {_TEMPORARY}",
                    fix=f"remove it: they go to {_TEMPORARY}, a volume in memory",
                )


def _split(paths: str) -> list[str]:
    """Flink takes a comma, a colon and a bar for the end of a path."""
    return [path.strip() for path in re.split("[,:|]", paths) if path.strip()]


def _is_below(path: str, directories: list[PurePosixPath]) -> bool:
    plain = PurePosixPath("/" + path.lstrip("/")) if path.startswith("/") else PurePosixPath(path)
    if ".." in plain.parts:
        return False
    return any(plain.is_relative_to(directory) for directory in directories)
