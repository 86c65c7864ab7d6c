# SPDX-License-Identifier: Apache-2.0
"""Batches as Arrow: pyarrow reads what the record says, and what comes back is checked by name."""

import copy
import datetime
import enum
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs import field, record
from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.functions import arrow_batches, codecs, record_arrivals
from flinksec_jobs.records.field_types import FieldType, fields_of
from flinksec_jobs.records.guard import WrongReturnError


class Colour(enum.Enum):
    RED = "red"
    GREEN = "grün"


@record
class Leg:
    at: datetime.datetime
    tags: list[str] | None


@record
class All:
    text: str | None
    number: int
    real: float
    flag: bool
    raw: bytes
    at: datetime.datetime | None
    day: datetime.date
    cost: Annotated[Decimal, field(precision=12, scale=2)]
    any_cost: Decimal
    uuid: UUID
    colour: Colour
    way: Literal[1, 2]
    leg: Leg | None
    legs: list[Leg | None]
    by_name: dict[str, list[int]]


@record
class Out:
    total: int
    name: str


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
TIME = st.datetimes(timezones=st.just(datetime.UTC))
MONEY = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
LEG = st.builds(Leg, at=TIME, tags=st.none() | st.lists(TEXT, max_size=2))
ALL = st.builds(
    All,
    text=st.none() | TEXT,
    number=st.integers(-(2**63), 2**63 - 1),
    real=st.floats(allow_nan=False),
    flag=st.booleans(),
    raw=st.binary(max_size=4),
    at=st.none() | TIME,
    day=st.dates(),
    cost=MONEY,
    any_cost=MONEY,
    uuid=st.uuids(),
    colour=st.sampled_from(Colour),
    way=st.sampled_from([1, 2]),
    leg=st.none() | LEG,
    legs=st.lists(st.none() | LEG, max_size=2),
    by_name=st.dictionaries(TEXT, st.lists(st.integers(-5, 5), max_size=2), max_size=2),
)
FIELDS = fields_of(All, {})
TYPE = FieldType("row", cls=All, fields=FIELDS)


@given(st.lists(ALL, max_size=4))
def test_what_goes_through_arrow_comes_back_as_it_was(records: list[Any]) -> None:
    leave, arrive = codecs.leaving(TYPE), record_arrivals.making(TYPE, checked=True)
    assert leave is not None
    assert arrive is not None
    rows = [list(leave(each)) for each in records]
    batch = arrow_batches.batches_of(FIELDS)(copy.deepcopy(rows))
    batch.validate(full=True)
    assert batch.schema.names == [name for name, _ in FIELDS]
    assert batch.column("number").to_pylist() == [each.number for each in records]
    assert batch.column("cost").to_pylist() == [each.cost for each in records]
    back = arrow_batches.results_of(FIELDS, "All", "f")(batch, len(records))
    assert [arrive(list(row)) for row in back] == records


def read(given_back: Any, count: int = 2) -> list[Any]:
    return arrow_batches.results_of(fields_of(Out, {}), "Out", "f")(given_back, count)


def test_columns_are_taken_by_name_also_from_pandas() -> None:
    frame = pd.DataFrame({"name": ["a", "b"], "total": [1, 2]})
    made = read(pa.Table.from_pandas(frame, preserve_index=False))
    assert [list(row) for row in made] == [[1, "a"], [2, "b"]]
    large = pa.table({"name": pa.array(["a", "b"], pa.large_string()), "total": [1, 2]})
    assert read(large) == made
    coded = large.set_column(0, "name", large.column("name").dictionary_encode())
    assert read(coded.slice(1), 1) == made[1:]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"name": ["a", "b"]}, r"f returned the columns name, but Out has total, name"),
        ({"name": ["a"], "total": [1]}, r"f returned 1 rows for 2 records"),
    ],
)
def test_other_columns_or_another_number_of_rows_are_refused(columns: Any, said: str) -> None:
    with pytest.raises(WrongReturnError, match=said):
        read(pa.table(columns))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"name": ["a", "b"], "total": [1.0, 2.0]}, "Out.total should be an int but is a float"),
        ({"name": ["a", None], "total": [1, 2]}, "Out.name is None, which its type does not allow"),
        ({"name": [1, 2], "total": [1, 2]}, "Out.name should be a str but is an int"),
    ],
)
def test_a_column_of_another_type_is_refused_by_its_name(columns: Any, said: str) -> None:
    with pytest.raises(RecordValueError, match=said):
        read(pa.table(columns))


def test_what_is_no_arrow_data_is_refused() -> None:
    with pytest.raises(WrongReturnError, match="f returned a list instead of Arrow data"):
        read([1, 2])
