# SPDX-License-Identifier: Apache-2.0
"""``make test TESTS=…``: each suite is run with what it needs, and nothing is left out unsaid."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from flinksec_jobs.settings.environment import NOT_SETTINGS

ROOT = Path(__file__).resolve().parents[2]
SPREAD = "--numprocesses"


@dataclass
class Told:
    code: int
    calls: list[str]
    err: str


class Checkout:
    """The scripts in a directory of their own, with programs that only say how they were called."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        shutil.copytree(ROOT / "scripts", directory / "scripts")
        shutil.copytree(ROOT / "requirements", directory / "requirements")
        self.programs = directory / "programs"
        self.programs.mkdir()
        self.program("unshare", 'while [ "$1" != offline ]; do shift; done; shift; exec "$@"')
        self.program("dpkg-query", "echo installed")
        (directory / ".venv" / "bin").mkdir(parents=True)
        python = directory / ".venv" / "bin" / "python"
        python.write_text('#!/bin/sh\necho "called: $*"\nenv | grep FLINKSEC_ || true\n')
        python.chmod(0o755)

    def program(self, name: str, script: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def test(self, *arguments: str, **variables: str) -> Told:
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            [self.directory / "scripts" / "test.sh", *arguments],
            env={"PATH": path, "HOME": str(self.directory), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        return Told(done.returncode, done.stdout.splitlines(), done.stderr)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_paths_are_run_suite_by_suite_with_the_options_for_each(checkout: Checkout) -> None:
    told = checkout.test(
        "tests/unit/test_a.py::test_b", "tests/tables", "tests/unit/test_c.py", "-k", "word"
    )
    assert told.code == 0, told.err
    unit, tables = told.calls
    assert SPREAD in unit
    assert unit.endswith("tests/unit/test_a.py::test_b tests/unit/test_c.py -k word")
    assert SPREAD not in tables
    assert tables.endswith("tests/tables -k word")


def test_unit_tests_have_no_network_or_are_not_run(checkout: Checkout) -> None:
    checkout.program("unshare", "exit 1")
    told = checkout.test("tests/unit")
    assert told.code == 1
    assert told.calls == []
    assert "no network namespace can be made here" in told.err
    assert "FLINKSEC_WITHOUT=netns" in told.err
    assert checkout.test("tests/unit", FLINKSEC_WITHOUT="netns").code == 0


def test_faults_are_left_out_only_where_that_is_said(checkout: Checkout) -> None:
    told = checkout.test("tests/faults", FLINKSEC_WITHOUT="fuse")
    assert told.code == 0
    assert told.calls == []
    assert "left out, as FLINKSEC_WITHOUT says" in told.err


def test_all_suites_have_the_minutes_that_make_is_given(checkout: Checkout) -> None:
    tools = ("KUSTOMIZE", "MANIFEST_TOOLS", "POLICY_REFEREE")
    variables = {f"FLINKSEC_{name}": "there" for name in tools} | {"FLINKSEC_WITHOUT": "fuse,netns"}
    assert "called: scripts/lanes.py --minutes 80" in checkout.test(MINUTES="80", **variables).calls
    assert "called: scripts/lanes.py" in checkout.test(**variables).calls


def test_no_test_sees_what_is_left_out_as_a_setting(checkout: Checkout) -> None:
    told = checkout.test("tests/unit", FLINKSEC_WITHOUT="netns,fuse")
    assert len(told.calls) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tests"], "name suites, not all of tests"),
        (["-k", "word"], "no tests are named"),
        (["tests/unknown/test_a.py"], "there is no suite of tests unknown"),
    ],
)
def test_what_names_no_suite_is_refused(
    checkout: Checkout, arguments: list[str], message: str
) -> None:
    told = checkout.test(*arguments)
    assert told.code == 1
    assert told.calls == []
    assert message in told.err


def test_a_misspelt_exception_is_refused(checkout: Checkout) -> None:
    told = checkout.test("tests/unit", FLINKSEC_WITHOUT="fues")
    assert told.code == 1
    assert "FLINKSEC_WITHOUT knows fuse and netns, not 'fues'" in told.err


def test_no_variable_that_the_scripts_export_is_taken_for_a_setting() -> None:
    scripts = [ROOT / ".ci" / "run", *sorted((ROOT / "scripts").glob("*.sh"))]
    exported = {
        name
        for script in scripts
        for name in re.findall(r"(?m)^\s*export (?!-n)(?:.*\s)?(FLINKSEC_\w+)", script.read_text())
    }
    assert "FLINKSEC_MANIFEST_TOOLS" in exported
    assert exported <= NOT_SETTINGS.keys()
