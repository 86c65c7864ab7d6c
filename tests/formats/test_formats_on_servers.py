# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/formats.md on a real Kafka and HDFS, on bytes that others wrote.

One program runs all the jobs, so that one JVM does for them: see programs/formats.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from flinksec_jobs.sandbox import Sandbox
from tests.pages import blocks
from tests.patience import PATIENCE

PROGRAM = Path(__file__).parent / "programs" / "formats.py"
DESCRIPTORS = Path(__file__).parents[1] / "vectors" / "protobuf" / "shop.desc"
WAYS = ("filtered", "handed-on", "made")
OUTPUTS = ("few-items", "words", "deleted-customers", "counted", "everything-again")


POOL = descriptor_pool.DescriptorPool()
for _file in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
    POOL.Add(_file)
ITEM: Any = message_factory.GetMessageClass(POOL.FindMessageTypeByName("shop.Item"))
EVERYTHING: Any = message_factory.GetMessageClass(POOL.FindMessageTypeByName("shop.Everything"))


def change(op: str, before: Any, after: Any) -> bytes:
    source = {"connector": "postgresql", "db": "shop", "table": "customers", "ts_ms": 1}
    return json.dumps(
        {"before": before, "after": after, "source": source, "op": op, "ts_ms": 2}
    ).encode()


def everything(**more: Any) -> Any:
    """A message with what records have a type for."""
    made = EVERYTHING(
        price="12.50",
        id_bytes=bytes(range(16)),
        status=1,
        items=[{"sku": "a", "count": 1}, {"sku": "b", "count": 2}],
        items_by_sku={"c": ITEM(sku="c", count=3)},
        **more,
    )
    made.at.FromJsonString("2024-05-01T06:00:00.000001Z")
    return made


ANN, ANNA = {"id": 1, "name": "Ann"}, {"id": 1, "name": "Anna"}
MESSAGES = (
    everything(day={"year": 2024, "month": 2, "day": 29}, card="", maybe_int=0),
    everything(cash=-1, maybe_int=2**63 - 1),
)
INPUTS: dict[str, list[bytes | None]] = {
    "everything": [one.SerializeToString() for one in MESSAGES],
    "items": [
        ITEM(sku="a", count=3, weight=0.5).SerializeToString(),
        ITEM(sku="b", count=30).SerializeToString(),
        ITEM(sku="", count=-1).SerializeToString(),
    ],
    "readings": [b"-;s1;C;21.5\r\n", '"odd; ""ü"" note";s2;C;-'.encode(), b'"-";s3;C;0'],
    "lines": [b"two words", b"", "drei Wörter hier".encode()],
    "shop.customers": [
        change("c", None, ANN),
        change("u", ANN, ANNA),
        change("d", ANNA, None),
        None,
    ],
}


@pytest.fixture(scope="module")
def ran(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("formats")
    ways = [f"{way}-{mode}" for way in WAYS for mode in ("thread", "process")]
    sandbox.create_topics(dict.fromkeys([*INPUTS, *OUTPUTS, *ways], 1))
    given = {
        topic: [None if one is None else one.hex() for one in values]
        for topic, values in INPUTS.items()
    }
    (home / "input.json").write_text(json.dumps({"inputs": given, "outputs": [*OUTPUTS, *ways]}))
    for block in blocks("docs/formats.md", "python"):
        if "flinksec_jobs.formats.avro" not in block.text:
            (home / f"{block.number:02}.py").write_text(block.text)
    shutil.copy(DESCRIPTORS, home)
    settings = home / "settings.toml"
    sandbox.write_settings(settings)
    done = subprocess.run(
        [sys.executable, PROGRAM, settings, home],
        cwd=home,
        env=os.environ
        | {
            "FLINKSEC_LOG_FILE": str(home / "logs" / "jobs.log"),
            "FLINKSEC_SETTINGS": str(settings),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (results,) = re.findall(r"^RESULTS (.*)$", done.stdout, re.MULTILINE)
    found: dict[str, Any] = json.loads(results)
    return found


def values(ran: dict[str, Any], topic: str) -> list[bytes]:
    return [bytes.fromhex(value) for _, value in ran[topic]]


def test_messages_of_googles_are_filtered_and_come_out_as_such(ran: dict[str, Any]) -> None:
    found = [ITEM.FromString(value) for value in values(ran, "few-items")]
    assert found == [
        ITEM(sku="a", count=3, weight=0.5),
        ITEM(sku="", count=-1),
    ]


def test_records_of_every_type_pass_through_python_as_they_are(ran: dict[str, Any]) -> None:
    found = [EVERYTHING.FromString(v) for v in values(ran, "everything-again")]
    assert found == list(MESSAGES)


def test_lines_of_csv_become_files_of_csv(sandbox: Sandbox, ran: dict[str, Any]) -> None:
    assert ran
    assert sorted(sandbox.hdfs_lines("/data/readings")) == sorted(
        ["s1,21.5,", 's2,,"odd; ""ü"" note"', "s3,0.0,-"]
    )


def test_raw_text_comes_in_and_raw_numbers_go_out_as_keys(ran: dict[str, Any]) -> None:
    assert [(int.from_bytes(bytes.fromhex(key)), bytes.fromhex(value).decode())
            for key, value in ran["words"]] == [
        (2, "two words"),
        (0, ""),
        (3, "drei Wörter hier"),
    ]  # fmt: skip


def test_changes_come_in_and_deletes_go_out_in_the_envelope(ran: dict[str, Any]) -> None:
    (message,) = [json.loads(value) for value in values(ran, "deleted-customers")]
    assert message.pop("ts_ms") > 1_700_000_000_000
    assert message == {"before": {**ANNA, "table": "customers"}, "after": None, "op": "d"}


def test_a_table_follows_the_changes_of_a_database(ran: dict[str, Any]) -> None:
    messages = [json.loads(value) for value in values(ran, "counted")]
    assert [(one["op"], one["before"], one["after"]) for one in messages] == [
        ("c", None, {"name": "Ann", "n": 1}),
        ("d", {"name": "Ann", "n": 1}, None),
        ("c", None, {"name": "Anna", "n": 1}),
        ("d", {"name": "Anna", "n": 1}, None),
    ]


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_the_kind_of_a_row_lives_as_long_as_the_row(ran: dict[str, Any], mode: str) -> None:
    """A sink writes a row that deletes as a tombstone, and what was before an update not at all."""
    key = b"1".hex()
    for way in ("filtered", "handed-on"):
        written = [
            (at, value and json.loads(bytes.fromhex(value))) for at, value in ran[f"{way}-{mode}"]
        ]
        assert written == [
            (key, {**ANN, "kind": "+I"}),
            (key, {**ANNA, "kind": "+U"}),
            (key, None),
        ], way
    made = [json.loads(value) for value in values(ran, f"made-{mode}")]
    assert made == [
        {**ANN, "kind": "+I"},
        {**ANN, "kind": "-U"},
        {**ANNA, "kind": "+U"},
        {**ANNA, "kind": "-D"},
    ]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            "a field of another type",
            "cannot read the Kafka topic items: field 'sku' is an int in the record, but string "
            "in the message",
        ),
        ("an unknown message", "the descriptor file has no message 'shop.Itm'; it has: "),
        ("no descriptor file", "descriptor_file of Protobuf none.desc cannot be read: "),
        (
            "no options",
            "format='protobuf' cannot do without options\n  hint: give it one with options: ",
        ),
    ],
)
def test_a_record_that_does_not_go_with_its_format_is_refused_where_it_is_named(
    ran: dict[str, Any], what: str, said: str
) -> None:
    assert said in ran[what]
