# SPDX-License-Identifier: Apache-2.0
"""Files, servers and rights that do not fit are told by name, and what asks about them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from flinksec_jobs import elasticsearch
from flinksec_jobs.elasticsearch import setup
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.index_setup import planned
from flinksec_jobs.index_setup.setup_requests import Answer, Servers
from flinksec_jobs.index_setup.survey import survey
from flinksec_jobs.settings import load_settings
from tests.unit.index_setup.setup_servers import (
    INDEX,
    INDEX_KEPT,
    POLICY,
    Fake,
    error,
    files,
    problem,
)


def test_opensearch_and_servers_without_lifecycles_are_told_by_name(tmp_path: Path) -> None:
    plan = files(tmp_path, lifecycle__week=POLICY)
    raised = problem(lambda: survey(Servers(Fake(distribution="opensearch")), plan))
    assert "OpenSearch has no lifecycles of Elasticsearch (ILM), but ISM policies" in raised.message
    fake = Fake()
    said = "no handler found for uri [/_ilm/policy/week] and method [GET]"
    fake.refuses["GET /_ilm/policy/week"] = Answer(400, {"error": said})
    assert (
        "these servers have no lifecycles" in problem(lambda: survey(Servers(fake), plan)).message
    )


def test_a_directory_without_files_is_told_and_does_not_pass_for_all_well(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()  # as in a volume of Kubernetes
    with pytest.raises(SettingsError, match="no file is in it") as raised:
        planned.read(tmp_path)
    assert "leave the setting out" in str(raised.value.hint)


def test_a_template_that_is_refused_is_not_told_to_make_another_index(tmp_path: Path) -> None:
    plan = files(tmp_path, index_template__week={"template": {}, "index_patterns": ["x"]})
    fake = Fake()
    fake.refuses["GET /_index_template/week"] = error(400, "illegal_argument_exception", "no type")
    assert problem(lambda: survey(Servers(fake), plan)).hint == "correct the file"


@pytest.mark.parametrize(
    ("name", "privilege"),
    [
        ("lifecycle__week", "manage_ilm"),
        ("component_template__week", "manage_index_templates"),
        ("index_template__week", "manage_index_templates"),
        ("index__week", "`manage` on the index"),
        ("data_stream__week", "`manage` on the data stream"),
    ],
)
def test_a_missing_right_is_told_by_name(tmp_path: Path, name: str, privilege: str) -> None:
    body = (
        {}
        if "stream" in name or name == "index__week"
        else {"policy": {}, "template": {}, "index_patterns": ["x"]}
    )
    plan = files(tmp_path, **{name: body})
    fake = Fake()
    path = "/week" if "stream" in name else plan[0].kind.path + "week"
    fake.refuses[f"GET {path}"] = error(403, "security_exception", "action is unauthorized")
    raised = problem(lambda: survey(Servers(fake), plan))
    assert "do not let the job look at" in raised.message
    assert privilege in str(raised.hint)


def test_a_name_that_stands_for_something_else_is_refused(tmp_path: Path) -> None:
    plan = files(tmp_path, index__late={})
    fake = Fake()
    fake.held["/late"] = {"late-000001": {"aliases": {"late": {}}}}
    assert (
        "late is an alias or a data stream, of late-000001"
        in problem(lambda: survey(Servers(fake), plan)).message
    )


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("template.flights.json", "{}", "its name is no KIND.NAME.json"),
        ("index.json", "{}", "its name is no KIND.NAME.json"),
        ("index.late.yaml", "{}", "its name is no KIND.NAME.json"),
        ("index.Late.json", "{}", "the name of an index must be lowercase"),
        ("index-template._x.json", "{}", "the name of an index template must not start with _"),
        ("lifecycle.a b.json", "{}", "must be letters"),
        ("index.late.json", "[]", "it is no JSON object"),
        ("index.late.json", "{", "it is no JSON: line 1"),
        ("index.late.json", '{"a": 1, "a": 2}', "it is no JSON"),
        ("lifecycle.week.json", '{"phases": {}}', 'it is no JSON object with "policy"'),
        ("data-stream.x.json", '{"mappings": {}}', "a data stream is an empty object"),
        ("data-stream.x.json", '{"lifecycle": 7}', 'its "lifecycle" is no JSON object'),
        ("index.late.json", '{"mapping": {}}', 'settings, and this has "mapping"'),
        ("index.late.json", '{"late": {"mappings": {}}}', 'settings, and this has "late"'),
        ("index.late.json", '{"mappings": null}', 'its "mappings" is no JSON object'),
        ("index.late.json", '{"aliases": ["all"]}', 'its "aliases" is no JSON object'),
        ("index.late.json", '{"aliases": {"all": "x"}}', "its alias all is no JSON object"),
        ("index.late.json", '{"settings": {"a": NaN}}', "NaN is no number of JSON"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_before_any_server_is_asked(
    tmp_path: Path, name: str, content: str, why: str
) -> None:
    (tmp_path / ".hidden").write_text("")
    (tmp_path / name).write_text(content)
    (found,) = planned.check(tmp_path)
    assert found.id == "elasticsearch-setup-unusable"
    assert found.where.file == str(tmp_path / name)
    assert why in found.why
    with pytest.raises(SettingsError, match=r"elasticsearch\.setup"):
        planned.read(tmp_path)


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    (found,) = planned.check(tmp_path / "nowhere")
    assert "no such file or directory" in found.why


@pytest.mark.parametrize(("chosen", "severity"), [("fail", "problem"), ("apply", "warning")])
def test_the_doctor_tells_what_a_start_would_make_or_change_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str, severity: str
) -> None:
    files(tmp_path, index__late=INDEX, index__new={})
    fake = Fake()
    fake.hold("/late", INDEX_KEPT | {"mappings": {"dynamic": "strict"}})
    monkeypatch.setattr(setup, "asked", lambda _: nullcontext(fake))
    section = {
        "hosts": ["https://search.test:9200"],
        "setup": str(tmp_path),
        "on_difference": chosen,
    }
    settings = load_settings(overrides={"elasticsearch": section}, environ={})
    (question,) = setup.comparison(settings)
    found = {str(one.severity): one for one in question.ask(())}
    assert found.keys() == {severity, "note"}
    assert "the index new is not on the servers" in found["note"].why
    assert 'mappings.dynamic: the server has "strict"' in found[severity].why
    assert fake.sent == []


def test_without_files_a_job_asks_nothing(tmp_path: Path) -> None:
    section = {"hosts": ["https://search.test:9200"]}
    settings = load_settings(overrides={"elasticsearch": section}, environ={})
    assert setup.questions(settings) == ()
    planned_ = load_settings(
        overrides={"elasticsearch": section | {"setup": str(tmp_path)}}, environ={}
    )
    use = elasticsearch.writing(planned_, "late")
    assert [one.id for one in use.questions] == ["elasticsearch-indices", "elasticsearch-setup"]


def test_to_overwrite_needs_files() -> None:
    section = {"hosts": ["https://search.test:9200"], "on_difference": "apply"}
    with pytest.raises(
        SettingsError, match=r"on_difference \(argument\): has no effect without setup"
    ):
        load_settings(overrides={"elasticsearch": section}, environ={})
