# SPDX-License-Identifier: Apache-2.0
"""What can be a record, what cannot, and what an instance makes of its values. No JVM."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import Any, ClassVar, NamedTuple, NewType, TypedDict

import pytest
from pyflink.common import Row

from flinksec_jobs.errors import RecordTypeError, RecordValueError
from flinksec_jobs.records import (
    field_names,
    record,
    row_type,
    shape_text,
)

UserId = NewType("UserId", str)


@record
class Inner:
    x: int
    y: int | None = None

    def doubled(self) -> int:
        return self.x * 2


@record
class Outer:
    id: str
    inner: Inner
    maybe: Inner | None = None
    tags: list[str] | None = None


def made(**hints: Any) -> type:
    """A class with these annotations, not yet a record."""
    return type("Made", (), {"__annotations__": hints})


def of(cls: Any, row: Any) -> Any:
    """``cls.of(row)``, which a type checker does not see."""
    return cls.of(row)


def test_a_record_inside_becomes_one_too() -> None:
    row = Row(id="a", inner=Row(x=1, y=None), maybe=None, tags=["t"])
    trip = of(Outer, row)
    assert trip == Outer("a", Inner(1), None, ["t"])
    assert trip.inner.doubled() == 2
    assert of(Outer, trip) is trip


def test_of_goes_by_the_names_of_a_row_and_by_position_where_there_are_none() -> None:
    assert of(Inner, Row(y=2, x=1)) == Inner(1, 2)
    assert of(Inner, Row(1, 2)) == of(Inner, (1, 2)) == Inner(1, 2)
    for wrong in (Row(1), Row(x=1), Row(x=1, y=2, z=3), Outer("a", Inner(1)), (1,)):
        with pytest.raises(RecordValueError, match=r"^Inner has the fields x, y, and what is"):
            of(Inner, wrong)
    for nothing in (None, "x", {"x": 1, "y": 2}):
        with pytest.raises(RecordValueError, match=r"^Inner\.of\(\) takes a row but got"):
            of(Inner, nothing)
    with pytest.raises(RecordValueError, match=r"^Outer\.inner has the fields x, y, and"):
        of(Outer, Row(id="a", inner=Row(z=1), maybe=None, tags=None))


def test_records_follow_the_rules_of_dataclasses() -> None:
    @record
    class Rich:
        id: str
        VERSION: ClassVar[int] = 1
        tags: list[str] = field(default_factory=list)
        _: KW_ONLY
        late: int = 3
        twice: int = field(init=False, default=0)

        def __post_init__(self) -> None:
            object.__setattr__(self, "twice", self.late * 2)

    rich = Rich("a", late=4)
    assert field_names(Rich) == ["id", "tags", "late", "twice"]
    assert (rich.tags, rich.twice, Rich.VERSION) == ([], 8, 1)
    assert of(Rich, Row("b", ["t"], 5, 9)).twice == 9  # what the row says
    assert dataclasses.asdict(rich) == {"id": "a", "tags": [], "late": 4, "twice": 8}
    assert dataclasses.replace(Inner(1), y=3) == Inner(1, 3)
    assert hash(Inner(1)) == hash(Inner(1))


def test_what_is_a_dataclass_already_stays_one_of_its_own_kind() -> None:
    @record
    @dataclass(order=True, slots=True)
    class Slim:
        x: int
        tags: list[str] = field(default_factory=list)

    assert Slim(1) < Slim(2)
    assert (Slim(1).tags, of(Slim, Row(2, ["a"])).tags) == ([], ["a"])
    with pytest.raises(RecordValueError, match=r"^Slim\.x should be an int but is a str\n"):
        Slim("1")  # type: ignore[arg-type]
    assert record(Slim) is Slim


def test_a_record_extends_another() -> None:
    @record
    class Base:
        id: str

        def __post_init__(self) -> None:
            seen.append(self.id)

    @record
    class Child(Base):
        extra: int

    class OnlyMethods(Child):
        def shout(self) -> str:
            return self.id.upper()

    seen: list[str] = []
    assert field_names(Child) == ["id", "extra"]
    assert of(Child, Row("a", 1)) == Child("a", 1)
    assert seen == ["a", "a"]
    assert of(OnlyMethods, Row("a", 1)).shout() == "A"
    with pytest.raises(RecordValueError, match=r"Child\.extra should be an int but is a str"):
        Child("a", "1")  # type: ignore[arg-type]


def test_a_subclass_whose_own_fields_would_get_lost_is_refused() -> None:
    class Child(Inner):
        extra: int

    for use in (row_type, field_names, shape_text):
        with pytest.raises(RecordTypeError, match="Child adds extra to a dataclass, but is none"):
            use(Child)


def test_a_plain_dataclass_may_be_a_part_of_a_record() -> None:
    @dataclass
    class Plain:
        x: float

    @record
    class Whole:
        plain: Plain

    whole = Whole(Plain(3))
    assert type(whole.plain.x) is float
    assert of(Whole, Row(Row(x=1.5))) == Whole(Plain(1.5))
    with pytest.raises(RecordValueError, match=r"^Plain\.x should be a float but is a str\n"):
        Whole(Plain("3"))  # type: ignore[arg-type]


def test_names_that_stand_for_other_types_are_looked_through() -> None:
    cls: Any = record(
        made(user=UserId, number=typing.Annotated[int, "ms"], by_user=dict[UserId, int])
    )
    assert str(row_type(cls)) == (
        "RowTypeInfo(user: String, number: Long, by_user: MapTypeInfo<String, Long>)"
    )


@dataclass
class Loop:
    name: str
    child: Loop | None


@dataclass
class There:
    back: Back | None


@dataclass
class Back:
    there: There


@pytest.mark.parametrize("cls", [Loop, There, Back])
def test_a_record_that_holds_itself_is_refused(cls: type) -> None:
    for use in (record, row_type):
        with pytest.raises(RecordTypeError, match="contains itself, which a row cannot"):
            use(cls)


def test_a_record_that_holds_itself_is_refused_where_it_is_defined() -> None:
    with pytest.raises(RecordTypeError, match="Node contains itself"):

        @record
        class Node:
            child: Node | None


@pytest.mark.parametrize(
    "hint",
    [
        *(typing.List, typing.Dict, typing.Optional, list, dict, typing.Sequence[str]),  # noqa: UP006
        *(complex, object, typing.Any, None, int | str | None, int | float, dict[int, str]),
        *(tuple[int, str], set[int], typing.Literal["a", 1], list[complex], typing.TypeVar("T")),
        *(typing.Literal[True], typing.Callable[[], int], [1], 5),
    ],
)
def test_a_type_without_a_flink_type_is_refused_where_the_record_is_defined(hint: Any) -> None:
    with pytest.raises(RecordTypeError, match=r"Made\b.*(type|holds)"):
        record(made(wrong=hint))


@pytest.mark.parametrize(
    "name",
    [
        *("_values", "_fields", "_row_kind", "_from_dict", "as_dict", "of", "get_row_kind"),
        *("get_fields_by_names", "set_row_kind", "of_kind", "set_field_names", "__class__"),
        *("class", "a-b", "1a", ""),
    ],
)
def test_a_name_that_a_row_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(RecordTypeError, match=r"^Made(\.| has a field)"):
        record(made(**{name: int}))


def test_every_public_name_of_a_row_is_refused_as_a_field() -> None:
    for name in dir(Row):
        with pytest.raises(RecordTypeError):
            record(made(**{name: int}))


@pytest.mark.parametrize("name", ["_id", "count", "index", "keys", "values", "items", "name"])
def test_names_that_a_row_has_no_use_for_are_fields_like_any_other(name: str) -> None:
    cls: Any = record(made(**{name: int}))
    assert getattr(of(cls, Row(5)), name) == 5


@pytest.mark.parametrize("name", ["of", "get_row_kind", "get_fields_by_names", "_values"])
def test_a_member_that_record_makes_is_not_overwritten_silently(name: str) -> None:
    cls = type("Made", (), {"__annotations__": {"x": int}, name: lambda self: 5})
    with pytest.raises(RecordTypeError, match=f"Made has a member {name} of its own"):
        record(cls)


def test_what_dataclasses_refuse_is_refused_as_a_record_too() -> None:
    @dataclass
    class Mutable:
        x: int

    with pytest.raises(RecordTypeError, match="Child cannot be a frozen dataclass: cannot inherit"):

        @record
        class Child(Mutable):  # type: ignore[misc]
            y: int

    with pytest.raises(RecordTypeError, match="cannot be a frozen dataclass: mutable default"):
        record(type("Made", (), {"__annotations__": {"tags": list[str]}, "tags": []}))
    with pytest.raises(RecordTypeError, match=r"Made\.x is an InitVar"):
        record(made(x=InitVar[int], y=int))


def test_lists_and_dicts_are_as_deep_in_each_other_as_any_record_needs() -> None:
    hint: Any = int
    value: Any = 7
    for _ in range(25):
        hint, value = dict[str, list[hint]], {"a": [value]}
    made_of: Any = record(made(v=hint))
    assert made_of(value).v == value
    with pytest.raises(RecordTypeError, match=r"Made\.v has lists or dicts in each other"):
        record(made(v=list[hint]))


class _Pair(NamedTuple):
    a: int


class _Dict(TypedDict):
    a: int


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (5, "an int, which is no class"),
        (lambda: 5, "a function, which is no class"),
        (_Pair, "_Pair is a tuple"),
        (_Dict, "_Dict is a TypedDict, which stands for a record as it is"),
    ],
)
def test_what_is_no_class_of_ones_own_is_refused(what: Any, why: str) -> None:
    with pytest.raises(RecordTypeError, match=why):
        record(what)


def test_a_record_in_a_function_may_use_names_of_that_function() -> None:
    @record
    class Part:
        x: int

    @record
    class Whole:
        part: Part

    assert of(Whole, Row(Row(1))).part == Part(1)


def test_a_class_with_an_init_of_its_own_is_checked_too() -> None:
    @record
    class Own:
        id: str

        def __init__(self, given: Any) -> None:
            object.__setattr__(self, "id", given)

    assert Own("a").id == "a"
    with pytest.raises(RecordValueError, match=r"Own\.id should be a str but is an int"):
        Own(5)


def test_a_field_that_nobody_sets_is_told_by_name() -> None:
    @record
    class Checked:
        n: int
        m: int = field(init=False)

    with pytest.raises(RecordValueError, match=r"Checked\.m has no value"):
        Checked(1)


def test_a_field_that_is_gone_is_told_when_the_record_is_read() -> None:
    @record
    class Given:
        n: int
        m: int = 0

    made = Given(1)
    object.__delattr__(made, "n")
    with pytest.raises(RecordValueError, match=r"Given\.n has no value"):
        Given.__record__.values(made)  # type: ignore[attr-defined]
