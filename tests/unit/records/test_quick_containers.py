# SPDX-License-Identifier: Apache-2.0
"""Lists and dicts in records: looked at all at once, and as strictly as one value after another."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs import record
from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.records.rows import info_of


@record
class Inner:
    n: int


class Amounts(TypedDict):
    n: int


@record
class Held:
    texts: list[str]
    numbers: dict[str, int]
    parts: list[float] | None = None
    inners: list[Inner] = ()  # type: ignore[assignment]  # a default that is no list
    ids: dict[str, uuid.UUID | None] | None = None
    days: list[datetime.date] | None = None
    flags: list[bool] | None = None
    rows: list[list[int]] | None = None


def slowly(*values: Any) -> Held:
    """Make one as the frozen dataclass does."""
    made = object.__new__(Held)
    Held.__init__.__globals__["_flinksec_original"](made, *values)
    return made


class Text(str):
    """A string of another class."""

    __slots__ = ()


SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.text(st.characters(), max_size=3),
    st.integers(),
    st.floats(),
    st.none(),
    st.booleans(),
    st.dates(),
    st.uuids(),
    st.sampled_from([Inner(2), "\ud800", Text("x"), 2**63, -(2**63), b"x"]),
)
LISTS = st.lists(SCALARS, max_size=4)
DICTS = st.dictionaries(SCALARS, SCALARS, max_size=3)
VALUES = st.one_of(LISTS, DICTS, LISTS.map(tuple), SCALARS, st.lists(LISTS, max_size=2))
OF_ONE_CLASS = [
    st.lists(st.text()),
    st.dictionaries(st.text(), st.integers(-(2**63), 2**63 - 1)),
    st.none() | st.lists(st.floats()),
    st.lists(st.builds(Inner, st.integers(0, 9))),
    st.none() | st.dictionaries(st.text(), st.none() | st.uuids()),
    st.none() | st.lists(st.dates()),
    st.none() | st.lists(st.booleans()),
    st.none() | st.lists(st.lists(st.integers(0, 9))),
]


@given(st.data())
def test_both_ways_take_the_same_and_refuse_the_same(data: st.DataObject) -> None:
    values = [data.draw(one) for one in OF_ONE_CLASS]
    if data.draw(st.booleans()):
        values[data.draw(st.integers(0, len(values) - 1))] = data.draw(VALUES)
    makes: tuple[Any, ...] = (Held, slowly)
    told: list[Any] = []
    for make in makes:
        try:
            made = make(*values)
        except RecordValueError as error:
            told.append(error.message)
        else:
            told.append(repr(made))
            told += [_classes(value) for value in vars(made).values()]
    half = len(told) // 2
    assert told[:half] == told[half:]


def _classes(value: Any) -> Any:
    if isinstance(value, dict):
        return dict, [(type(key), _classes(one)) for key, one in value.items()]
    if isinstance(value, list):
        return list, [_classes(one) for one in value]
    return type(value)


@pytest.mark.parametrize("make", [Held, slowly])
def test_what_was_given_can_change_without_the_record(make: Any) -> None:
    texts, numbers, inners = ["a"], {"b": 1}, [Inner(1)]
    made = make(texts, numbers, None, inners, None, None, None, None)
    texts.append("c")
    numbers["d"] = 2
    inners.clear()
    assert (made.texts, made.numbers, made.inners) == (["a"], {"b": 1}, [Inner(1)])


def test_what_is_put_into_a_list_afterwards_is_found_before_it_leaves() -> None:
    made = Held(["a"], {"b": 1})
    info = info_of(Held)
    assert info is not None
    info.check(made)
    made.texts.append(7)  # type: ignore[arg-type]
    with pytest.raises(RecordValueError, match=r"Held\.texts\[\] should be a str but is an int"):
        info.check(made)
    made.texts[:] = ["\ud800"]
    with pytest.raises(RecordValueError, match=r"Held\.texts\[\] holds half of a surrogate pair"):
        info.check(made)
    made.texts.clear()
    made.numbers["c"] = 2**63
    with pytest.raises(RecordValueError, match=r"Held\.numbers\{\} .*outside the 64-bit range"):
        info.check(made)


@record
class Open:
    t: Amounts


def test_what_is_changed_inside_of_something_in_a_list_is_found_too() -> None:
    @record
    class Several:
        many: list[Open]
        by_name: dict[str, Open]

    one = Open({"n": 1})
    made = Several([one], {"a": one})
    one.t["n"] = "x"  # type: ignore[typeddict-item]
    for many, by_name in (([one], {}), ([], {"a": one})):
        with pytest.raises(RecordValueError, match=r"Open\.t\.n should be an int but is a str"):
            Several(many, by_name)
    info = info_of(Several)
    assert info is not None
    with pytest.raises(RecordValueError, match=r"Open\.t\.n should be an int but is a str"):
        info.check(made)


def _names_in_use() -> list[str]:
    """Every name in the text of a quick constructor but those of its own fields."""
    code = Held.__init__.__code__
    names = {*code.co_names, *code.co_varnames, "type", "map", "set", "id", "self"}
    return sorted(name for name in names - {*vars(Held(["a"], {}))} if not name.startswith("__"))


@pytest.mark.parametrize("name", _names_in_use())
def test_a_field_may_have_any_name_that_the_constructor_uses(name: str) -> None:
    scope: dict[str, Any] = {"record": record, "__name__": __name__}
    exec(f"@record\nclass Made:\n    {name}: str\n    tags: list[str]\n    n: int = 0", scope)
    made = scope["Made"]("x", ["a"], 2)
    assert vars(made) == {name: "x", "tags": ["a"], "n": 2}
    with pytest.raises(RecordValueError, match=rf"Made\.{name} should be a str but is an int"):
        scope["Made"](1, ["a"])
    exec(f"@record\nclass Listed:\n    {name}: list[str]", scope)
    assert getattr(scope["Listed"](["b"]), name) == ["b"]
