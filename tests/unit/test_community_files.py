# SPDX-License-Identifier: Apache-2.0
"""What the files for contributors and reporters say is true."""

from __future__ import annotations

import configparser
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from flinksec_jobs.cli import main
from flinksec_jobs.job import SecureJob
from flinksec_jobs.records import worker
from flinksec_jobs.resume import job_record
from flinksec_jobs.sealed import format as sealed_format
from flinksec_jobs.version import __version__

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["CHANGELOG.md", "SECURITY.md"]
TEMPLATES = sorted((ROOT / ".github").rglob("*.*"))


def text(name: str) -> str:
    return (ROOT / name).read_text()


def hooks() -> dict[str, dict[str, Any]]:
    loaded = YAML(typ="safe").load(text(".pre-commit-config.yaml"))
    assert [repo["repo"] for repo in loaded["repos"]] == ["local"]
    return {hook["id"]: hook for repo in loaded["repos"] for hook in repo["hooks"]}


def test_every_hook_runs_a_tool_that_is_locked_and_there() -> None:
    for hook in hooks().values():
        assert hook["language"] == "system"
        program = Path(hook["entry"].split()[0])
        assert program.parent == Path(".venv/bin")
        assert (Path(sys.executable).parent / program.name).is_file(), program


def test_hooks_ask_what_make_lint_asks() -> None:
    lint = text("scripts/lint.sh")
    for hook in hooks().values():
        asked = hook["entry"].replace(" --force-exclude", "")
        assert asked in lint, hook["id"]


def test_editors_are_told_the_line_length_that_ruff_checks() -> None:
    parser = configparser.ConfigParser()
    parser.read_string("[top]\n" + text(".editorconfig"))
    ruff = tomllib.loads(text("pyproject.toml"))["tool"]["ruff"]
    assert int(parser["*.py"]["max_line_length"]) == ruff["line-length"]
    assert parser["top"]["root"] == "true"


def test_the_changelog_has_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", text("CHANGELOG.md"), re.M)
    assert headings[0] == ("Unreleased", "")
    assert all(date for name, date in headings[1:])
    released = [name for name, _ in headings[1:]]
    making = f"Version {__version__} in the making"
    assert (__version__ in released) != (making in text("CHANGELOG.md"))
    kinds = set(re.findall(r"^### (.+)$", text("CHANGELOG.md"), re.M))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_is_one(page: str) -> None:
    context = click.Context(main)
    for words in re.findall(r"`flinksec ([a-z][a-z -]*)", text(page)):
        command: click.Command | None = main
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            command = command.get_command(context, word)
            assert command is not None, f"flinksec {words}"


def test_the_methods_that_the_changelog_names_are_there() -> None:
    added = re.search(r"^- `SecureJob`: .*?\n(?=- )", text("CHANGELOG.md"), re.M | re.S)
    assert added
    methods = re.findall(r"`((?:from|to)_[a-z]+)`", added[0])
    assert methods == ["from_kafka", "from_hdfs", "to_kafka", "to_elasticsearch", "to_hdfs"]
    assert all(callable(getattr(SecureJob, name)) for name in methods)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_links_to_is_there(page: str) -> None:
    links = re.findall(r"\]\((?!https:)([^)#]+)", text(page))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_what_is_promised_of_formats_is_what_is_written() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|", text("SECURITY.md"), re.M))
    written = f"format version {sealed_format.VERSION}, suite {sealed_format.SUITE}"
    assert rows["A sealed file"].startswith(written)
    assert rows["A wrapped data key"] == f"algorithm {sealed_format.AES_KWP} (AES-KWP)"
    assert rows[f"The record `{job_record.FILE}` of a job"] == f"format {job_record._FORMAT}"
    assert rows["A checkpoint or savepoint"] == f"as Flink {worker.PYFLINK} writes it"


def test_nobody_elses_address_is_named_as_ours() -> None:
    assert "urls" not in tomllib.loads(text("pyproject.toml"))["project"]
    assert TEMPLATES
    for path in [*TEMPLATES, ROOT / "SECURITY.md"]:
        assert "://" not in path.read_text(), path


def test_reports_of_vulnerabilities_are_led_to_the_security_policy() -> None:
    assert "SECURITY.md" in text(".github/ISSUE_TEMPLATE/bug.md")
