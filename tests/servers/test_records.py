# SPDX-License-Identifier: Apache-2.0
"""What goes through Python comes out as it was: thread mode, process mode, and in batches.

The documents are made by a property test's generators: every type that a record offers, with
null, empty and odd values. One job for each mode takes all of them through a map, a filter, a
keyed function with state, a side output, and from one task to another.
"""

import base64
import functools
import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flinksec_jobs.sandbox import Sandbox
from tests.patience import PATIENCE

PROGRAM = Path(__file__).parent / "programs" / "round_trip.py"
DOCUMENTS = 400
WAYS = 8
KEYS = 7  # kinds of fields that the program keys by
ODD = ("\ufeff", "\ufffe", "\0", "\uffff", "😀", "\U0010ffff", "\u2028", "e\u0301", "\r", '"\\')
TEXT = st.one_of(
    st.text(max_size=8),
    st.lists(st.sampled_from([*ODD, "a", "ÿ"]), max_size=4).map("".join),
)
WHOLE = st.one_of(st.integers(-(2**63), 2**63 - 1), st.sampled_from([-(2**63), 2**63 - 1, 0, -1]))
REAL = st.floats(allow_nan=False, allow_infinity=False)
RAW = st.binary(max_size=6).map(lambda raw: base64.b64encode(raw).decode())


def few(values: Any) -> Any:
    """Short lists."""
    return st.lists(values, max_size=3)


def by_text(values: Any) -> Any:
    """Small dicts."""
    return st.dictionaries(TEXT, values, max_size=3)


def maybe(values: Any) -> Any:
    """Null or a value."""
    return st.none() | values


def java_time(time: datetime) -> str:
    """A time as Java writes it: with none, three or six digits after the seconds."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    micros = time.microsecond
    digits = "" if not micros else f".{micros // 1000:03}" if not micros % 1000 else f".{micros:06}"
    return f"{whole}{digits}Z"


def whole_number_of(digits: int) -> Any:
    """Whole numbers with up to so many digits."""
    return st.integers(-(10**digits) + 1, 10**digits - 1)


# As they are written again: times with as many digits as they need, numbers with all of theirs.
TIME = st.one_of(
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(
        [
            datetime.min,
            datetime.max,
            datetime(1969, 12, 31, 23, 59, 59, 999999),
            datetime(1970, 1, 1),
        ]
    ).map(lambda time: time.replace(tzinfo=UTC)),
).map(java_time)
DAY = st.one_of(st.dates(), st.sampled_from([date.min, date.max, date(1970, 1, 1)])).map(str)
MONEY = whole_number_of(12).map(lambda cents: Decimal(cents).scaleb(-2))
NUMBER = st.builds(
    lambda digits, scale: Decimal(digits).scaleb(-scale), whole_number_of(20), st.integers(0, 18)
).map(lambda number: number or abs(number))
ID = st.uuids().map(str)
COLOUR = st.sampled_from(["red", "grün"])


PLACE = st.fixed_dictionaries({"name": TEXT, "lat": maybe(REAL), "tags": maybe(few(TEXT))})
LEG = st.fixed_dictionaries(
    {
        "at": TIME,
        "maybe_on": maybe(DAY),
        "cost": MONEY,
        "colour": COLOUR,
        "place": PLACE,
        "maybe_places": maybe(few(maybe(PLACE))),
        "ids": by_text(ID),
    }
)
NOTE = st.fixed_dictionaries(
    {"text": TEXT, "size": st.sampled_from([1, -(2**63)]), "at": maybe(TIME)}
)
TYPED = st.fixed_dictionaries(
    {
        "at": TIME,
        "maybe_at": maybe(TIME),
        "on": DAY,
        "maybe_on": maybe(DAY),
        "cost": MONEY,
        "any_number": NUMBER,
        "maybe_number": maybe(NUMBER),
        "uuid": ID,
        "maybe_uuid": maybe(ID),
        "colour": COLOUR,
        "maybe_size": maybe(st.sampled_from([1, -(2**63)])),
        "way": st.sampled_from(["up", "down"]),
        "maybe_step": maybe(st.sampled_from([1, 2])),
        "leg": LEG,
        "maybe_leg": maybe(LEG),
        "legs": few(LEG),
        "maybe_legs": maybe(few(maybe(LEG))),
        "groups": few(few(LEG)),
        "by_name": by_text(LEG),
        "maybe_by_name": maybe(by_text(maybe(few(LEG)))),
        "dicts": few(by_text(LEG)),
        "notes": few(NOTE),
        "note": NOTE,
        "times": few(maybe(TIME)),
        "days": by_text(DAY),
        "costs": few(MONEY),
        "uuids": few(few(ID)),
        "colours": by_text(few(maybe(COLOUR))),
        "tail-number": TEXT,
    }
)
EVERYTHING = st.fixed_dictionaries(
    {
        "typed": TYPED,
        "maybe_typed": maybe(TYPED),
        "many": few(PLACE),
        "text": TEXT,
        "maybe_text": maybe(TEXT),
        "number": WHOLE,
        "maybe_number": maybe(WHOLE),
        "real": REAL,
        "maybe_real": maybe(REAL),
        "flag": st.booleans(),
        "maybe_flag": maybe(st.booleans()),
        "raw": RAW,
        "maybe_raw": maybe(RAW),
        "place": PLACE,
        "maybe_place": maybe(PLACE),
        "texts": few(TEXT),
        "maybe_texts": maybe(few(maybe(TEXT))),
        "numbers": few(WHOLE),
        "reals": maybe(few(maybe(REAL))),
        "flags": few(st.booleans()),
        "raws": few(maybe(RAW)),
        "lists": few(few(WHOLE)),
        "maybe_lists": maybe(few(maybe(few(maybe(TEXT))))),
        "counts": by_text(WHOLE),
        "maybe_counts": maybe(by_text(maybe(WHOLE))),
        "groups": by_text(few(TEXT)),
        "maybe_groups": maybe(by_text(maybe(few(maybe(REAL))))),
        "dicts": few(by_text(TEXT)),
        "_under": maybe(TEXT),
    }
)


@functools.cache
def generated() -> list[dict[str, Any]]:
    """Documents, the same in every run; each has an id, of odd characters too."""
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=DOCUMENTS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(EVERYTHING, TEXT)
    def collect(document: dict[str, Any], text: str) -> None:
        # By the number after the last hyphen each is another, whatever the text ends with.
        found.append({"id": f"{text}-{len(found)}", **document})

    collect()
    return found + [with_text(found[0], odd, place) for place, odd in enumerate([*ODD, ""])]


def with_text(document: dict[str, Any], odd: str, place: int) -> dict[str, Any]:
    """A document with one odd text wherever a text can be, and null wherever null can be."""
    nulls = {name: None for name in document if name.startswith("maybe_")}
    return {
        **document,
        **nulls,
        "id": f"{odd}-odd-{place}",
        "text": odd,
        "place": {"name": odd, "lat": None, "tags": None},
        "texts": [odd, odd],
        "maybe_lists": [None, [None, odd]],
        "counts": {odd: place},
        "maybe_counts": {odd: None},
        "groups": {odd: [odd]},
        "maybe_groups": {odd: None},
        "dicts": [{odd: odd}],
        "_under": odd,
    }


DECIMALS = ("cost", "costs", "any_number", "maybe_number")


class Digits(str):
    """A number with a point as it stands in a document."""


def canonical(document: Any) -> str:
    """One text for what is the same document: -0.0 is not 0.0, and a dict has no order.

    Of a Decimal all digits count, of a float its value.
    """
    return json.dumps(same(document), sort_keys=True)


def same(value: Any, is_decimal: bool = False) -> Any:
    if isinstance(value, dict):
        return {name: same(each, name in DECIMALS) for name, each in value.items()}
    if isinstance(value, list):
        return [same(each, is_decimal) for each in value]
    if isinstance(value, Decimal):
        return f"number {value:f}"
    if is_decimal and value is not None:
        return f"number {value}"
    return float(value) if isinstance(value, Digits) else value


def written(document: Any, **options: Any) -> str:
    """JSON in which a Decimal is a number."""
    marked = json.dumps(document, default=lambda number: f"\0{number:f}\0", **options)
    return re.sub(r'"\\u0000(-?[0-9.]+)\\u0000"', r"\1", marked)


@pytest.mark.parametrize("mode", ["thread", "process", "batches"])
def test_every_record_comes_out_of_python_as_it_went_in(
    mode: str, sandbox: Sandbox, start_job: Any, tmp_path: Path
) -> None:
    documents = generated()
    every_sink = {"EVERY_SINK": "1"} if mode == "thread" else {}
    topics = ("docs", "docs-out", "table-out")
    sandbox.create_topics({f"trip-{mode}-{name}": 1 for name in ("out", *topics)})
    sandbox.create_topics({f"trip-{mode}-in": 2})
    sandbox.produce(f"trip-{mode}-docs", (f"{n}\tk\t{doc}}}" for n, doc in enumerate(DOCS)))
    sandbox.produce(
        f"trip-{mode}-in",
        (
            f"{place}\tk\t{written(document, ensure_ascii=place % 2 == 0)}"
            for place, document in enumerate(documents)
        ),
    )
    variables = {
        "ROUND_TRIP": f"trip-{mode}",
        **({"BATCHES": "1"} if mode == "batches" else {"FLINKSEC_PYTHON__EXECUTION_MODE": mode}),
        "FLINKSEC_LOG_FILE": str(tmp_path / "jobs.log"),
        **every_sink,
    }
    ended = start_job(job=PROGRAM, **variables).end(timeout=PATIENCE)
    assert ended.code == 0, ended.err
    came = [json.loads(line, parse_float=Digits) for line in sandbox.consume(f"trip-{mode}-out")]
    assert [seen for seen in came if seen.get("problems")] == []
    assert len([seen for seen in came if "problems" in seen]) == (1 + KEYS) * len(documents)
    count = Counter(canonical(document) for document in came if "problems" not in document)
    wrong = count.keys() ^ {canonical(document) for document in documents}
    assert wrong == set()
    assert set(count.values()) == {WAYS}
    if every_sink:
        every_sink_has_the_documents(f"trip-{mode}", sandbox)
    wrong_results_are_refused(json.loads(ended.out.rsplit("endings ", 1)[1]))


STOP = '{"at":"2024-02-29T12:00:00.000001Z","cost":-0.05}'
DOCS = [
    f'{{"uid":"0000000{n}-0000-0000-0000-000000000000","at":"2024-01-0{n}T00:00:00Z",'
    f'"day":"2024-02-0{n}","cost":{n}234567890.10,"any_number":0.00000000000000000{n},'
    f'"colour":"grün","stops":[{STOP},{STOP}],"by_name":{{"k":{STOP}}},"tail-number":"N{n}"'
    for n in (1, 2, 3)
]
DEFAULTS = ',"size":1,"note":"none","times":[]}'


def every_sink_has_the_documents(prefix: str, sandbox: Sandbox) -> None:
    """With the names and defaults of the record, all digits, and through a table too."""
    wanted = sorted(doc + DEFAULTS for doc in DOCS)
    assert sorted(sandbox.consume(f"{prefix}-docs-out")) == wanted
    assert sorted(sandbox.hdfs_lines(f"/data/{prefix}-docs")) == wanted
    # A column of a table has the name of the field.
    as_columns = [doc.replace("tail-number", "tail") for doc in wanted]
    assert sorted(sandbox.consume(f"{prefix}-table-out")) == as_columns
    client = sandbox.elasticsearch_client()
    client.indices.refresh(index=f"{prefix}-docs")
    for doc in wanted:
        document = json.loads(doc)
        found = client.get(index=f"{prefix}-docs", id=document["uid"])
        assert found["_source"] == document


def wrong_results_are_refused(endings: dict[str, str]) -> None:
    """By the name of the function, what it returned, and what it has declared."""
    returned = (
        rf"the function <lambda>\.<locals>\.<lambda> \({re.escape(str(PROGRAM))}:\d+\) returned"
    )
    declared = re.escape("but its output type is Seen(id, problems)")
    for ending, what in {
        "fewer fields": r"a Place \(name, lat, tags\)",
        "nothing": "None",
        "a dict": "a dict",
    }.items():
        assert re.search(f"{returned} {what}, {declared}", endings[ending]), endings[ending]
    assert "Seen.id holds half of a surrogate pair" in endings["half a pair"]
