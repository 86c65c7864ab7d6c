# SPDX-License-Identifier: Apache-2.0
"""Whether a process of a cluster is fit for its settings, where it starts."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from flinksec_jobs.cluster.memory_volume import is_in_memory
from flinksec_jobs.findings import Finding, Where, problem, warning
from flinksec_jobs.settings import ClusterSettings, Settings

_NO_BEAM = problem("beam-missing", "Python functions need apache-beam, and it is not installed")
_NOT_IN_MEMORY = warning("working-state-not-in-memory", "working state in clear reaches a disk")
_NO_STATE = warning("no-state", "a job without checkpoints keeps nothing")


def check_process(settings: Settings) -> Iterator[Finding]:
    """Look whether this process has what its settings need: packages, and memory for its files."""
    if settings.python.execution_mode == "process" and find_spec("apache_beam") is None:
        yield _NO_BEAM.at(
            Where(setting="python.execution_mode"),
            "it is process, which needs apache-beam, and it is not installed",
            fix="build the image with: flinksec image build --execution-mode process",
        )
    temporary = (settings.cluster or ClusterSettings()).temp_dir
    if settings.state and settings.state.sealed and not is_in_memory(temporary):
        yield _NOT_IN_MEMORY.at(
            Where(setting="cluster.temp_dir", file=str(temporary)),
            "it is not in memory, but working state and spilled records are written there unsealed",
            fix="mount a volume in memory over it",
        )


def check_state(settings: Settings) -> Iterator[Finding]:
    """Warn of a job without state."""
    if settings.state is None:
        yield _NO_STATE.at(
            Where(setting="state"),
            "without [state] the job has no checkpoints, and keeps nothing",
            fix="set state.directory and state.keys",
        )
