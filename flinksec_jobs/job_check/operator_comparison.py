# SPDX-License-Identifier: Apache-2.0
"""The operators of a job compared with those that have state: what finds its state, what does not.

It is what Flink does when it restores, done before anything is stopped. The types of keys and
values are in no metadata, so whether an operator can read its state shows only when it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.findings import Finding, Where, note, problem, warning
from flinksec_jobs.job_check.facts import PlannedOperator, StateOperator

DROPPED = problem("state-dropped", "the job has no operator for some state")
_DROPPED_ON_PURPOSE = warning("state-dropped-on-purpose", "state is dropped, as was asked for")
_NEW = note("operator-without-state", "an operator has nothing in the state")
_TOO_PARALLEL = problem(
    "parallelism-above-maximum", "an operator has more parts than its state can be given to"
)
_OTHER_MAXIMUM = problem(
    "max-parallelism-changed", "an operator's greatest parallelism is not that of its state"
)
DOES_NOT_FIT = (_TOO_PARALLEL, _OTHER_MAXIMUM)
"""What keeps a job from going on from state that can be read."""
_TYPES = note("state-types-unseen", "whether types of state still fit shows at the start alone")


@dataclass(frozen=True)
class Compared:
    """What became of operators.

    Attributes:
        kept: how many operators find their state.
        dropped: those of the state that the job has no more.
        new: those of the job of which the state knows nothing.
    """

    kept: int
    dropped: Sequence[StateOperator]
    new: Sequence[PlannedOperator]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as ``--json`` prints them."""
        return {
            "kept": self.kept,
            "dropped": [
                {"name": one.name, "uid": one.uid, "id": one.id, "bytes": one.bytes}
                for one in self.dropped
            ],
            "new": [{"name": one.name, "uid": one.uid, "id": one.ids[0]} for one in self.new],
        }


def compare(plan: Sequence[PlannedOperator], state: Sequence[StateOperator]) -> Compared:
    """Find the operator of a job for each that has state."""
    known = {one for operator in plan for one in operator.ids}
    there = {one.id for one in state}
    with_state = [one for one in state if one.has_state]
    return Compared(
        kept=sum(one.id in known for one in with_state),
        dropped=[one for one in with_state if one.id not in known],
        new=[one for one in plan if not there.intersection(one.ids)],
    )


def check_operators(
    plan: Sequence[PlannedOperator], state: Sequence[StateOperator], *, allow_dropped: bool
) -> list[Finding]:
    """Judge whether a job can go on from state.

    Args:
        plan: the job's operators.
        state: the operators of a checkpoint.
        allow_dropped: whether it is meant that state finds no operator.
    """
    compared = compare(plan, state)
    found = [_dropped(one, compared.new, allowed=allow_dropped) for one in compared.dropped]
    found += [
        _NEW.at(
            Where(object=_label(one.name, one.uid)),
            "is not in the state: it begins with none",
            fix="nothing, if it is new; if it was there, give it the uid that it had",
        )
        for one in compared.new
    ]
    by_id = {one.id: one for one in state}
    for operator in plan:
        for id_ in operator.ids:
            if id_ in by_id:
                found += _check_parallelism(operator, by_id[id_])
    if compared.kept:
        found.append(
            _TYPES.at(
                Where(),
                f"the types of keys and values of {compared.kept} operators are in no metadata: "
                "whether they still fit shows when the job starts from this state",
                fix="nothing, unless the code changes what a state holds or a stream is keyed by",
            )
        )
    return found


def _dropped(lost: StateOperator, new: Sequence[PlannedOperator], *, allowed: bool) -> Finding:
    where = Where(object=_label(lost.name or lost.id, lost.uid))
    size = f"{lost.bytes} bytes of state"
    if allowed:
        return _DROPPED_ON_PURPOSE.at(
            where, f"its {size} are dropped", fix="nothing, if that is meant"
        )
    fix = "undo the change; or allow it, --allow-non-restored-state, and its state is lost"
    namesakes = [one for one in new if lost.name and _own_name(one.name) == _own_name(lost.name)]
    if namesakes:
        given = f'.uid("{lost.uid}")' if lost.uid else "what it reads, or the uid that it has now,"
        fix = f"an operator of that name is there under another id: give {given} back to it; {fix}"
    return DROPPED.at(where, f"no operator of the job takes its {size}", fix=fix)


def _check_parallelism(planned: PlannedOperator, kept: StateOperator) -> list[Finding]:
    where = Where(object=_label(planned.name, planned.uid))
    found = []
    if planned.parallelism > kept.max_parallelism:
        found.append(
            _TOO_PARALLEL.at(
                where,
                f"would run in {planned.parallelism} parts, and its state can be given to "
                f"{kept.max_parallelism} at most",
                fix=f"set job.parallelism to {kept.max_parallelism} or less",
            )
        )
    if planned.max_parallelism > 0 and planned.max_parallelism != kept.max_parallelism:
        found.append(
            _OTHER_MAXIMUM.at(
                where,
                f"has a greatest parallelism of {planned.max_parallelism}, and its state one of "
                f"{kept.max_parallelism}",
                fix="leave it as it is in the state: it cannot be changed",
            )
        )
    return found


def _own_name(name: str) -> str:
    """Return the first of the names that PyFlink gives operators which it runs as one."""
    return name.partition(", ")[0]


def _label(name: str, uid: str | None) -> str:
    return f'the operator "{name}"' + (f" (uid {uid})" if uid else "")
