# SPDX-License-Identifier: Apache-2.0
"""Records that a script defines itself are whole where their functions run.

The script and the place where it runs are two processes, as in process mode; no JVM is started.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
from __future__ import annotations
import dataclasses, pickle, sys
from typing import ClassVar
import cloudpickle
from flinksec_jobs import record, row_type

@record
class Part:
    x: int
    def twice(self):
        return self.x * 2

@dataclasses.dataclass
class Plain:
    y: float = 1.5

@record
class Base:
    id: str
    def __post_init__(self):
        object.__setattr__(self, "id", self.id.strip())

@record
class Whole(Base):
    part: Part
    plain: Plain
    maybe: Part | None = None
    tags: list[str] = dataclasses.field(default_factory=lambda: ["t"])
    KIND: ClassVar[str] = "k"
    _: dataclasses.KW_ONLY
    late: int = 5

whole = Whole(" w ", Part(1), Plain())

def look(row):
    from flinksec_jobs.records import shape_text
    made = Whole.of(row)
    def refused(make):
        try:
            return f"taken: {make()}"
        except Exception as error:
            return f"{type(error).__name__}: {error.args[0]}"
    return {
        "fields": [field.name for field in dataclasses.fields(Whole)],
        "asdict": dataclasses.asdict(made),
        "same": made == Whole("w", Part(1), Plain()) and hash(Part(1)) == hash(Part(1)),
        "captured": repr(whole),
        "replace": dataclasses.replace(made, late=6).late,
        "default": Whole("v", Part(2), Plain(2.5)).tags,
        "kind": Whole.KIND,
        "inside": made.part.twice(),
        "row type": str(row_type(Whole)),
        "shape": shape_text(Whole),
        "no such argument": refused(lambda: Whole("v", Part(1), Plain(), None, [], 7)),
        "wrong": refused(lambda: Part("1")),
        "wrong inside": refused(lambda: Whole("v", Plain(), Plain())),
        "frozen": refused(lambda: setattr(Part(1), "x", 2)),
        "state": pickle.loads(pickle.dumps(made)) == made,
        "still missing": dataclasses.fields(Part)[0].default is dataclasses.MISSING,
        "match": type(pickle.loads(pickle.dumps(Part(3)))) is Part,
    }

sys.stdout.buffer.write(cloudpickle.dumps((look, [Whole, Base, Part, Plain])))
"""
ELSEWHERE = """
import json, sys
import cloudpickle
from pyflink.common import Row
look, _ = cloudpickle.loads(sys.stdin.buffer.read())
print(json.dumps(look(Row(" w ", Row(1), Row(1.5), None, ["t"], 5))))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    script: Path = tmp_path_factory.mktemp("script") / "job.py"
    script.write_text(SCRIPT)
    sent = subprocess.run([sys.executable, script], check=True, capture_output=True).stdout
    command = [sys.executable, "-c", ELSEWHERE]
    ended = subprocess.run(command, check=True, capture_output=True, input=sent)
    return json.loads(ended.stdout)


def test_the_standard_library_sees_the_fields(seen: Any) -> None:
    names = ["id", "part", "plain", "maybe", "tags", "late"]
    assert seen["fields"] == names
    assert seen["asdict"] == {
        "id": "w",
        "part": {"x": 1},
        "plain": {"y": 1.5},
        "maybe": None,
        "tags": ["t"],
        "late": 5,
    }
    assert seen["replace"] == 6
    assert seen["default"] == ["t"]
    assert (seen["same"], seen["still missing"], seen["kind"]) == (True, True, "k")
    assert seen["captured"].startswith("Whole(id='w', part=Part(x=1), plain=Plain(y=1.5), maybe=")


def test_so_does_the_library(seen: Any) -> None:
    assert seen["inside"] == 2
    assert seen["row type"].startswith("RowTypeInfo(id: String, part: RowTypeInfo(x: Long), plain:")
    fields = json.loads(seen["shape"])["fields"]
    assert [field["name"] for field in fields if field["shape"]["nullable"]] == ["maybe"]
    assert [field.get("default") for field in fields] == [None, None, None, None, ["t"], 5]
    assert seen["wrong"] == "RecordValueError: Part.x should be an int but is a str"
    assert seen["wrong inside"].startswith("RecordValueError: Whole.part has the fields x, and")
    assert seen["frozen"].startswith("FrozenInstanceError")
    assert seen["no such argument"].startswith("TypeError")


def test_plain_pickle_finds_the_class_of_a_script_again(seen: Any) -> None:
    assert seen["state"] is True
    assert seen["match"] is True
