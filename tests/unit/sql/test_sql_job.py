# SPDX-License-Identifier: Apache-2.0
"""A file of SQL is a job: its name, its settings, and what is said against it before any JVM."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from flinksec_jobs import sql_job
from flinksec_jobs.cli import main
from flinksec_jobs.errors import FlinkSecError, SettingsError, StatementError

INSERT = "INSERT INTO b SELECT * FROM a;"


def write(tmp_path: Path, content: str, name: str = "late.sql") -> Path:
    path = tmp_path / name
    path.write_text(content)
    return path


@pytest.fixture(autouse=True)
def no_settings_of_mine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLINKSEC_SETTINGS", raising=False)


def test_a_job_is_called_like_its_file_or_as_it_says(tmp_path: Path) -> None:
    assert sql_job.read(write(tmp_path, INSERT)).name == "late"
    named = f"SET 'pipeline.name' = 'a job; of ''mine''';{INSERT}"
    assert sql_job.read(write(tmp_path, named)).name == "a job; of 'mine'"


def test_a_file_whose_name_no_job_can_have_has_to_say_one(tmp_path: Path) -> None:
    with pytest.raises(StatementError, match=r"checkpoints\.sql gives the job no name") as caught:
        sql_job.read(write(tmp_path, INSERT, "checkpoints.sql"))
    assert "SET 'pipeline.name'" in str(caught.value.hint)


def test_its_settings_lie_beside_it_and_set_wins_over_them(tmp_path: Path) -> None:
    beside = tmp_path / "late.toml"
    beside.write_text('[job]\nparallelism = 3\n[flink]\n"table.exec.state.ttl" = "1 h"\n')
    found = sql_job.read(write(tmp_path, INSERT))
    assert found.settings.job.parallelism == 3
    said = write(tmp_path, f"SET 'table.exec.state.ttl' = '2 h';{INSERT}")
    assert sql_job.read(said).settings.flink["table.exec.state.ttl"] == "2 h"


def test_the_statements_are_all_but_set(tmp_path: Path) -> None:
    found = sql_job.read(write(tmp_path, f"SET 'table.exec.state.ttl' = '2 h';\n{INSERT}"))
    assert [one.sql for one in found.statements] == [INSERT.removesuffix(";")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "has no INSERT, so that there is nothing to run"),
        ("CREATE VIEW a AS SELECT 1;", "has no INSERT"),
        ("INSERT INTO b SELECT 'a", r"late\.sql:1:22: this string does not end"),
        (f"{INSERT}\nSET 'a' = 'b'", r"late\.sql:2:1: SET 'a' stands behind INSERT INTO b"),
        (f"SET 'rest.port' = '1';{INSERT}", r"late\.sql:1:5: SET 'rest\.port'"),
    ],
)
def test_what_is_wrong_is_told_before_a_jvm_is_started(
    tmp_path: Path, content: str, told: str
) -> None:
    with pytest.raises(StatementError, match=told):
        sql_job.read(write(tmp_path, content))


def test_settings_that_cannot_be_used_are_told_as_those_of_any_job(tmp_path: Path) -> None:
    (tmp_path / "late.toml").write_text("[kafkaa]")
    with pytest.raises(SettingsError, match="kafkaa"):
        sql_job.read(write(tmp_path, INSERT))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "late.sql"
    path.write_bytes(b"\xff\xfe\0")
    with pytest.raises(FlinkSecError):
        sql_job.read(path)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("late.sql", ["--bounded"], "late.sql is SQL, and takes no arguments: --bounded"),
        ("late.py", ["--explain"], "--explain is for a job of SQL, and late.py is a program"),
    ],
)
def test_a_command_line_that_does_not_fit_the_job_is_wrong_usage(
    tmp_path: Path, name: str, arguments: list[str], told: str
) -> None:
    path = write(tmp_path, INSERT if name.endswith("sql") else "", name)
    given = [*arguments, str(path)] if arguments == ["--explain"] else [str(path), *arguments]
    result = CliRunner().invoke(main, ["run", *given])
    assert result.exit_code == 2
    assert told in result.stderr


def test_an_error_of_a_statement_is_told_in_two_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "\n  INSERT INTO b SELECT `a")
    result = CliRunner().invoke(main, ["run", str(path)])
    assert result.exit_code == 1
    assert f"error: {path}:2:24: this name does not end" in result.stderr
    assert "hint: close it with `" in result.stderr
