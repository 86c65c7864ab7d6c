# SPDX-License-Identifier: Apache-2.0
"""What the graph of a job is made from, so that a JobManager sees that a stored one is another.

With high availability Flink goes on with the plan that is stored, whatever the program builds from
the settings of today. `org.flinksec.availability` puts these inputs into each plan and compares.
It holds only hashes; what is compared has a name.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flinksec_jobs.cluster.flink_conf import Config
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.files import open_regular, reason
from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.settings import ClusterSettings, Settings
from flinksec_jobs.settings.flink_options import effective, flink_options

TYPE = "high-availability.type"
_CLASS = "org.flinksec.availability.CheckedHighAvailability"
_OURS = "flinksec.cluster"
# Options of the processes and not of the job: they are in no plan.
_OF_PROCESSES = (
    *(
        "jobmanager.",
        "taskmanager.",
        "cluster.",
        "blob.",
        "rest.",
        "web.",
        "metrics.",
        "heartbeat.",
    ),
    *("high-availability", "recovery.mode", "kubernetes.", "zookeeper.", "security.", "env."),
    *("io.tmp.dirs", "process.", "pekko.", "job-result-store.", "historyserver.", "jmx.", _OURS),
)


@dataclass(frozen=True)
class Program:
    """The program of a job.

    Attributes:
        path: its file.
        arguments: its own.
        is_packed: whether the folder of the file holds nothing but the job, as in an image.
    """

    path: Path
    arguments: Sequence[str] = ()
    is_packed: bool = False


def watched(config: Config, settings: Settings, program: Program, directory: Path) -> Config:
    """Return the options by which a JobManager compares the stored job with its own.

    Args:
        config: Flink's, complete but for secrets and what differs between two starts.
        settings: the job's.
        program: the job's.
        directory: private; gets a file.

    Returns:
        Nothing without high availability, where no plan is stored.
    """
    found = effective(config, flink_options()[TYPE])
    given = "NONE" if found is None else str(found)
    if given.strip().upper() == "NONE":
        return {}
    file = directory / "job-inputs"
    lines = sorted(inputs(config, settings, program).items())
    write_private(file, "".join(f"{name}\t{value}\n" for name, value in lines))
    return {
        TYPE: _CLASS,
        f"{_OURS}.high-availability": given,
        f"{_OURS}.job-inputs": str(file),
        f"{_OURS}.on-changed-job": (settings.cluster or ClusterSettings()).on_changed_job,
    }


def jar() -> str:
    """Return what the class path of a JobManager needs for the options of `watched`."""
    return str(artifacts.own_jar("flinksec-high-availability"))


def inputs(config: Config, settings: Settings, program: Program) -> dict[str, str]:
    """Return the name of each input and its hash.

    Raises:
        SettingsError: a file of the job cannot be read.
    """
    found = {}
    for name, value in _flat(settings.model_dump(mode="json", exclude={"cluster"})):
        found[name] = _hash(json.dumps(value, sort_keys=True))
    for name, value in config.items():
        if not name.startswith(_OF_PROCESSES):
            found[f"Flink's option {name}"] = _hash(str(value))
    for file, name in _files(program):
        found[name] = _hash_of_file(file)
    found["the program's arguments"] = _hash(json.dumps(list(program.arguments)))
    for file in sorted(artifacts.LIB_DIRECTORY.glob("*.jar")):
        found[file.name] = _hash_of_file(file)
    for package in importlib.metadata.distributions():
        found[f"Python package {package.name}"] = _hash(str(package.version))
    found["Python"] = _hash(platform.python_version())
    return {_one_line(name): value for name, value in found.items()}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _files(program: Program) -> Iterator[tuple[Path, str]]:
    """Yield the program's files, by their paths below its folder.

    Beside a program that stands anywhere these are the modules that it can import; what else is
    there may be as large as it likes, and change while the job runs.
    """
    yield program.path, program.path.name
    folder = program.path.parent
    for directory, folders, files in os.walk(folder, onerror=_unreadable):
        here = Path(directory)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith((".", "__pycache__"))
            and (program.is_packed or _has_modules(here / name))
        )
        for name in sorted(files):
            if (program.is_packed or name.endswith(".py")) and (here / name).is_file():
                yield here / name, str((here / name).relative_to(folder))


def _has_modules(directory: Path) -> bool:
    return not (directory / "pyvenv.cfg").exists() and any(directory.glob("*.py"))


def _unreadable(error: OSError) -> None:
    raise SettingsError(
        f"the job's folder {error.filename} cannot be read: {reason(error)}",
        hint="a JobManager with high availability looks whether the job has changed",
    ) from error


def _hash_of_file(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        error.filename = str(path)
        _unreadable(error)
        raise


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _one_line(name: str) -> str:
    return " ".join(name.split())
