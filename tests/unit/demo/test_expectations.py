# SPDX-License-Identifier: Apache-2.0
"""A line of the demo's result is right only for the right reason."""

from typing import Never

import pytest

from flinksec_jobs.demo.expectations import Check, refused


def test_a_check_is_met_when_both_sides_are_equal() -> None:
    assert Check("rows", 3, 3).ok
    assert not Check("rows", 3, 2).ok
    assert not Check("rows", 3, "3").ok
    assert Check("rows", 3, 2).as_dict() == {
        "name": "rows",
        "expected": 3,
        "actual": 2,
        "ok": False,
    }


def fail(message: str) -> Never:
    raise OSError(message)


@pytest.mark.parametrize(
    ("message", "actual"),
    [
        ("Not AUTHORIZED to read", "refused"),
        ("no ticket found", "refused"),
        ("connection refused\nmore", "failed otherwise: connection refused"),
        ("x" * 500, "failed otherwise: " + "x" * 160),
    ],
)
def test_a_refusal_counts_only_with_one_of_its_reasons(message: str, actual: str) -> None:
    check = refused("an attack", lambda: fail(message), "authorized", "Ticket")
    assert check == Check("an attack", "refused", actual)


def test_a_failure_that_says_nothing_is_no_refusal() -> None:
    check = refused("an attack", lambda: fail(""), "ticket")
    assert check.actual == "failed otherwise: OSError"


def test_whatever_is_let_in_is_told() -> None:
    assert refused("an attack", lambda: "some data", "ticket").actual == "let in"
