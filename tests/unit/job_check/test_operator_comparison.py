# SPDX-License-Identifier: Apache-2.0
"""A job's operators beside those of a state: what is kept, dropped, new, or divided too far."""

from __future__ import annotations

from typing import Any

from flinksec_jobs.job_check.facts import PlannedOperator, StateOperator
from flinksec_jobs.job_check.operator_comparison import check_operators, compare


def planned(id_: str, name: str = "count", **changes: Any) -> PlannedOperator:
    given = {"uid": None, "parallelism": 2, "max_parallelism": -1} | changes
    return PlannedOperator(ids=(id_,), name=name, **given)


def kept(id_: str, name: str = "count", **changes: Any) -> StateOperator:
    given = {"uid": None, "parallelism": 2, "max_parallelism": 128, "bytes": 7, "has_state": True}
    return StateOperator(id=id_, name=name, **(given | changes))


def ids(plan: list[PlannedOperator], state: list[StateOperator], **options: bool) -> list[str]:
    given = {"allow_dropped": False} | options
    return sorted(one.id for one in check_operators(plan, state, **given))


def test_an_unchanged_job_keeps_all_its_state_and_what_cannot_be_known_is_said() -> None:
    assert ids([planned("a"), planned("b")], [kept("a"), kept("b")]) == ["state-types-unseen"]
    compared = compare([planned("a"), planned("b")], [kept("a"), kept("b")])
    assert (compared.kept, compared.dropped, compared.new) == (2, [], [])


def test_an_operator_that_is_gone_is_refused_by_its_name_its_uid_and_its_bytes() -> None:
    (found,) = check_operators([], [kept("a", uid="totals", bytes=4096)], allow_dropped=False)
    assert found.id == "state-dropped"
    assert found.severity == "problem"
    assert 'the operator "count" (uid totals)' in str(found)
    assert "4096 bytes" in found.why
    assert "--allow-non-restored-state" in found.fix


def test_it_is_told_all_the_same_if_that_is_meant() -> None:
    (found,) = check_operators([], [kept("a")], allow_dropped=True)
    assert (found.id, found.severity) == ("state-dropped-on-purpose", "warning")


def test_an_operator_without_a_name_is_named_by_its_id() -> None:
    (found,) = check_operators([], [kept("0a1b", name="")], allow_dropped=False)
    assert "0a1b" in str(found)


def test_of_a_renamed_uid_the_way_back_is_named() -> None:
    found = check_operators(
        [planned("b", "count, key", uid="sums")],
        [kept("a", "count, Map", uid="totals")],
        allow_dropped=False,
    )
    (dropped,) = [one for one in found if one.id == "state-dropped"]
    assert '.uid("totals")' in dropped.fix
    assert [one.id for one in found if one.severity == "note"] == ["operator-without-state"]


def test_what_has_no_state_may_go() -> None:
    assert ids([], [kept("a", has_state=False)]) == []


def test_an_operator_that_kept_nothing_is_none_that_is_new() -> None:
    assert compare([planned("a")], [kept("a", has_state=False)]).new == []


def test_state_finds_an_operator_by_any_of_its_ids() -> None:
    both = PlannedOperator(("generated", "given"), None, "count", 1, -1)
    assert compare([both], [kept("given")]).kept == 1
    assert compare([both], [kept("given")]).new == []


def test_more_parts_than_the_state_has_groups_of_keys_are_refused() -> None:
    assert ids([planned("a", parallelism=128)], [kept("a")]) == ["state-types-unseen"]
    assert "parallelism-above-maximum" in ids([planned("a", parallelism=129)], [kept("a")])


def test_another_greatest_parallelism_is_refused_and_none_takes_that_of_the_state() -> None:
    assert "max-parallelism-changed" in ids([planned("a", max_parallelism=256)], [kept("a")])
    assert ids([planned("a", max_parallelism=128)], [kept("a")]) == ["state-types-unseen"]
