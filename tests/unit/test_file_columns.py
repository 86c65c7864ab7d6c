# SPDX-License-Identifier: Apache-2.0
"""What is said at the start of columns that do not go with those of older files. No JVM."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flinksec_jobs import file_columns
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_layout import Layout
from flinksec_jobs.findings import Finding
from flinksec_jobs.runtime import jvm


def told(
    monkeypatch: pytest.MonkeyPatch,
    compatible: list[str],
    incompatible: list[str],
    *,
    accepted: bool,
) -> list[Finding]:
    asked: list[tuple[Any, ...]] = []

    def between(*arguments: Any) -> SimpleNamespace:
        asked.append(arguments)
        return SimpleNamespace(
            file=lambda: "/data/f/part-1.orc",
            compatible=lambda: compatible,
            incompatible=lambda: incompatible,
        )

    files = SimpleNamespace(ColumnChanges=SimpleNamespace(between=between))
    java = SimpleNamespace(org=SimpleNamespace(flinksec=SimpleNamespace(files=files)))
    monkeypatch.setattr(jvm, "view", lambda: java)
    found = list(
        file_columns.changes("hdfs://a:1", "/data/f", ".orc", "columns", accepted=accepted)
    )
    assert asked == [("hdfs://a:1/data/f", ".orc", "columns")]
    return found


def test_columns_that_are_the_same_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, [], [], accepted=False) == []


def test_a_column_that_may_be_missing_is_told_and_the_job_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (found,) = told(monkeypatch, ["'gate' (string) is new"], [], accepted=False)
    assert found.severity == "warning"
    assert "/data/f/part-1.orc: 'gate' (string) is new" in found.why


def test_a_column_of_another_type_stops_the_start_unless_that_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    types = ["'n' was bigint and is string"]
    stops, tells = told(monkeypatch, ["'gate' (string) is new"], types, accepted=False)
    assert (stops.severity, tells.severity) == ("problem", "warning")
    assert "'n' was bigint and is string" in stops.why
    assert "another directory" in stops.fix
    assert 'schema_change="accept"' in stops.fix
    (found,) = told(monkeypatch, ["'gate' (string) is new"], types, accepted=True)
    assert found.severity == "warning"
    assert "'gate' (string) is new; 'n' was bigint" in found.why


def test_another_choice_is_refused_by_the_list_of_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match=r'schema_change=.* is not one of "fail", "accept"'):
        Layout(schema_change="ignore")  # type: ignore[arg-type]
