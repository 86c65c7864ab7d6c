# SPDX-License-Identifier: Apache-2.0
"""A job checked before it takes the place of another: its servers, its graph, the state it gets."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from flinksec_jobs import state
from flinksec_jobs.cluster.entrypoint import ProcessStart, start_findings
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.findings import Finding, Where, note, problem, problems
from flinksec_jobs.job_check.facts import StateFacts
from flinksec_jobs.job_check.flink_inspection import Inspected, Refusal, inspect
from flinksec_jobs.job_check.operator_comparison import Compared, check_operators, compare
from flinksec_jobs.job_check.state_files import Looked, as_flink_says, look_at
from flinksec_jobs.resume.snapshots import METADATA
from flinksec_jobs.sealed.directories import is_gone
from flinksec_jobs.settings import Settings, load_settings

_REFUSED = problem("job-refused", "the job's program, or what it goes on from, is refused")
_FROM_NOTHING = note("job-from-nothing", "the job would start from nothing")


@dataclass(frozen=True)
class JobCheck:
    """What is to be checked.

    Attributes:
        start: how its JobManager would start.
        program: of PyFlink, as its driver takes it.
        state: the checkpoint or savepoint it would be given; ``None``: its own rule chooses.
        allow_dropped: whether it is meant that some state finds no operator.
        deep: read every file of state whole.
    """

    start: ProcessStart
    program: Sequence[str]
    state: str | None = None
    allow_dropped: bool = False
    deep: bool = False


@dataclass(frozen=True)
class JobChecked:
    """What was found.

    Attributes:
        job: the job's name; ``None`` if it could not be built.
        state: what it would go on from, looked at; ``None``: nothing.
        compared: what becomes of its operators.
        findings: what is wrong, and worth knowing.
    """

    job: str | None = None
    state: Looked | None = None
    compared: Compared | None = None
    findings: Sequence[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as ``--json`` prints them."""
        facts = self.state.facts if self.state else None
        return {
            "well": not problems(self.findings),
            "job": self.job,
            "state": None
            if facts is None
            else {
                "uri": facts.uri,
                "number": facts.number,
                "files": len(facts.files) + 1,
                "bytes": facts.bytes,
            },
            "operators": self.compared.as_dict() if self.compared else None,
            "findings": [one.as_dict() for one in sorted(self.findings)],
        }


def look_at_job(asked: JobCheck) -> JobChecked:
    """Check everything that can be known before the job starts.

    Raises:
        FlinkSecError: something could not be looked at.
    """
    found = start_findings(asked.start)
    if problems(found):
        return JobChecked(findings=found)
    settings = load_settings(asked.start.mounts.settings)
    named = [asked.state] if asked.state else []
    inspected = inspect(asked.start, asked.program, named, go_on_from=asked.state)
    found += inspected.findings
    if inspected.refusal is not None:
        found += _refusal(inspected.refusal)
    looked = _state(asked, settings, inspected)
    if looked is None:
        if inspected.refusal is None:
            found.append(
                _FROM_NOTHING.at(
                    Where(), "there is nothing that the job would go on from", fix="nothing"
                )
            )
        return JobChecked(inspected.job, findings=found)
    found += looked.findings
    compared = None
    if inspected.plan is not None and looked.facts.error is None:
        compared = compare(inspected.plan, looked.facts.operators)
        found += check_operators(
            inspected.plan, looked.facts.operators, allow_dropped=asked.allow_dropped
        )
    return JobChecked(inspected.job, looked, compared, found)


def _refusal(told: Refusal) -> list[Finding]:
    if told.findings:
        return list(told.findings)
    return [_REFUSED.at(Where(), told.message, fix=told.hint or "look at what the message names")]


def _state(asked: JobCheck, settings: Settings, inspected: Inspected) -> Looked | None:
    """Look at what the job goes on from."""
    facts = inspected.chosen
    if asked.state and facts is None:
        facts = next(iter(inspected.states), None)  # the program came to no choice
    if facts is None or settings.state is None:
        return None
    with ExitStack() as stack:
        keys = None
        if settings.state.providers:
            keys = stack.enter_context(state.open_keys(settings.state))
        looked = look_at(facts, keys, deep=asked.deep)
    if not looked.whole and _is_replaced(facts):
        # Flink removes a checkpoint of a running job when it has a newer one. It was opened.
        return Looked(facts, as_flink_says(facts))
    return looked


def _is_replaced(facts: StateFacts) -> bool:
    try:
        # Flink removes the metadata first, and the directory last.
        return is_gone(state.local_path(facts.uri) / METADATA)
    except SettingsError:
        return False
