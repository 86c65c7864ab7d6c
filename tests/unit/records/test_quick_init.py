# SPDX-License-Identifier: Apache-2.0
"""Records are made the same with and without the constructor that looks at all values at once."""

import copy
import dataclasses
import datetime
import inspect
import pickle
from enum import Enum
from typing import Any

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs import record
from flinksec_jobs.errors import RecordValueError


class Color(Enum):
    RED = "r"
    BLUE = "b"


@record
class Inner:
    n: int


@record
class Quick:
    text: str
    number: int
    part: float | None = None
    at: datetime.datetime = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    color: Color = Color.RED
    inner: Inner = Inner(1)


def slowly(*values: Any) -> Quick:
    """Make one as the frozen dataclass does."""
    made = object.__new__(Quick)
    Quick.__init__.__globals__["_flinksec_original"](made, *values)
    return made


VALUES: st.SearchStrategy[Any] = st.one_of(
    st.text(st.characters()),
    st.integers(),
    st.floats(),
    st.none(),
    st.booleans(),
    st.binary(max_size=3),
    st.datetimes(),
    st.datetimes(timezones=st.just(datetime.UTC)),
    st.sampled_from([*Color, "r", "x", Inner(2), "\ud800"]),
)


@given(st.lists(VALUES, min_size=2, max_size=6))
def test_both_constructors_take_the_same_and_refuse_the_same(values: list[Any]) -> None:
    told = []
    for make in (Quick, slowly):
        try:
            told.append(repr(make(*values)))
        except RecordValueError as error:
            told.append(error.message)
    assert told[0] == told[1]


@given(st.text(), st.integers(-(2**63), 2**63 - 1), st.none() | st.floats(allow_nan=False))
def test_what_fits_is_there_and_cannot_be_changed(
    text: str, number: int, part: float | None
) -> None:
    made = Quick(number=number, text=text, part=part)
    assert (made.text, made.number, made.part, made.inner) == (text, number, part, Inner(1))
    assert made == slowly(text, number, part)
    assert hash(made) == hash(slowly(text, number, part))
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.number = 1  # type: ignore[misc]


def test_the_signature_stays() -> None:
    names = list(inspect.signature(Quick).parameters)
    assert names == ["text", "number", "part", "at", "color", "inner"]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'number'"):
        Quick("a")  # type: ignore[call-arg]


def test_what_a_class_does_itself_is_done() -> None:
    seen = []

    @record
    class Own:
        n: int

        def __post_init__(self) -> None:
            seen.append(self.n)

    @record
    class Listed:
        many: list[int] = dataclasses.field(default_factory=list)

    @record
    class Slotted:
        __slots__ = ("n",)
        n: int

    @dataclasses.dataclass(frozen=True)
    class Below(Quick):
        more: int = 0

        def __post_init__(self) -> None:
            seen.append(self.more)

    class Plain(Quick):
        def __post_init__(self) -> None:
            seen.append(-1)

    assert (Own(3).n, Listed().many, Slotted(4).n, Below("a", 1, more=5).more) == (3, [], 4, 5)
    assert Plain("a", 1).text == "a"
    assert seen == [3, 5, -1]


def test_a_class_of_a_program_goes_to_where_functions_run() -> None:
    scope: dict[str, Any] = {"record": record, "__name__": "__main__"}
    exec("@record\nclass Made:\n    n: int\n    text: str = 'x'", scope)
    made = pickle.loads(cloudpickle.dumps(scope["Made"](7)))
    assert (made.n, made.text, type(made)(8, "ü").text) == (7, "x", "ü")
    with pytest.raises(RecordValueError, match=r"Made\.n should be an int"):
        type(made)("7")
