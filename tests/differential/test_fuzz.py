# SPDX-License-Identifier: Apache-2.0
"""A short run of the fuzzing with a fixed seed, and that it finds what is wrong."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.sealed import verify
from flinksec_jobs.sealed.cobblestone import FileKeys
from flinksec_jobs.sealed.format import KeySlot
from flinksec_jobs.sealed.reader import SealedReader
from tests.differential.cases import Case, Reading, Writing, as_json, draw, from_json
from tests.differential.compare import Comparison
from tests.differential.fuzz import fuzz
from tests.vectors import sealing

ROOT = Path(__file__).parents[2]
SEED = 20_260_101


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    both = Comparison(tmp_path_factory.mktemp("fuzz"))
    yield both
    both.close()


def test_java_python_and_cryptography_agree_on_every_case(comparison: Comparison) -> None:
    failure = fuzz(comparison, SEED, lambda cases: cases < 4_000)
    assert failure is None, f"{failure.wrong}\n{as_json(failure.case)}"
    statuses = {"WHOLE", "TAMPERED", "TRUNCATED", "UNSUPPORTED", "KEY_MISSING", "FOREIGN"}
    assert set(comparison.verdicts) >= {*statuses, "PLAINTEXT", "written"}


@pytest.mark.parametrize(
    ("where", "name", "mistake"),
    [
        (FileKeys, "matches", lambda keys, commitment: True),
        (verify, "lies_under", lambda path, name: path.endswith(name)),
        (KeySlot, "to_bytes", lambda slot: sealing.slot(2, "key-1", "key-1", bytes(32))),
        (SealedReader, "tell", lambda reader: reader._position & ~1),
    ],
    ids=[
        "the commitment is not compared",
        "names end alike",
        "a wrong slot is written",
        "wrong position",
    ],
)
def test_a_mistake_of_one_side_is_found_and_the_case_made_small(
    comparison: Comparison,
    monkeypatch: pytest.MonkeyPatch,
    where: Any,
    name: str,
    mistake: Any,
) -> None:
    monkeypatch.setattr(where, name, mistake)
    failure = fuzz(comparison, SEED, lambda cases: cases < 4_000)
    assert failure is not None
    assert len(getattr(failure.case, "changes", ())) <= 2
    assert len(failure.case.steps) <= 3
    assert any(word in failure.wrong for word in ("Java", "cryptography", "specification"))
    monkeypatch.undo()
    assert comparison.differences([failure.case]) == [""]


def test_a_case_is_the_same_for_the_same_seed_and_number_and_as_json() -> None:
    drawn = [draw(7, number) for number in range(300)]
    assert drawn == [draw(7, number) for number in range(300)]
    assert drawn != [draw(8, number) for number in range(300)]
    assert {type(case) for case in drawn} == {Reading, Writing}
    assert [from_json(as_json(case)) for case in drawn] == drawn


def test_the_command_runs_for_its_time_and_runs_a_written_case_again(tmp_path: Path) -> None:
    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "tests.differential.fuzz", *arguments]
        return subprocess.run(program, cwd=ROOT, check=False, capture_output=True, text=True)

    ran = command("--minutes", "0.01", "--seed", "5")
    assert ran.returncode == 0, ran.stderr
    assert "seed 5" in ran.stdout
    assert "all agree on" in ran.stdout
    case: Case = draw(5, 1)
    (tmp_path / "case.json").write_text(as_json(case))
    assert json.loads(as_json(case))["kind"] in ("reading", "writing")
    again = command("--case", str(tmp_path / "case.json"))
    assert (again.returncode, again.stdout) == (0, "fuzz: all agree on this case\n")
