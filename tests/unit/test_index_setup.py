# SPDX-License-Identifier: Apache-2.0
"""Files and servers are compared as what they mean, and what is missing is made once.

The answers have the shapes of Elasticsearch 8.19's, with lifecycles as its reference shows them;
tests/servers ask real ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs import elasticsearch
from flinksec_jobs.elasticsearch import setup
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.index_setup import normal_form, planned
from flinksec_jobs.index_setup.applying import bring_about
from flinksec_jobs.index_setup.differences import compare
from flinksec_jobs.index_setup.setup_requests import Answer, Servers
from flinksec_jobs.index_setup.survey import survey
from flinksec_jobs.settings import load_settings

POLICY = {
    "policy": {
        "phases": {"hot": {"actions": {}}, "delete": {"min_age": "7d", "actions": {"delete": {}}}}
    }
}
POLICY_KEPT = {
    "version": 1,
    "modified_date": "2026-03-01T00:00:00.000Z",
    "policy": {
        "phases": {
            "hot": {"min_age": "0ms", "actions": {}},
            "delete": {
                "min_age": "7d",
                "actions": {"delete": {"delete_searchable_snapshot": True}},
            },
        }
    },
    "in_use_by": {"indices": [], "data_streams": [], "composable_templates": []},
}
TEMPLATE = {
    "index_patterns": "flights-*",
    "priority": 500,
    "composed_of": ["base"],
    "data_stream": {},
    "template": {
        "settings": {"number_of_replicas": 0, "index": {"refresh_interval": "5s"}},
        "mappings": {"properties": {"delay": {"type": "integer", "doc_values": True}}},
        "aliases": {"all": {"routing": "x"}},
    },
}
TEMPLATE_KEPT = {
    "index_patterns": ["flights-*"],
    "template": {
        "settings": {"index": {"number_of_replicas": "0", "refresh_interval": "5s"}},
        "mappings": {"properties": {"delay": {"type": "integer", "doc_values": True}}},
        "aliases": {"all": {"index_routing": "x", "search_routing": "x"}},
    },
    "composed_of": ["base"],
    "priority": 500,
    "data_stream": {"hidden": False, "allow_custom_routing": False},
}
INDEX = {
    "settings": {"number_of_shards": 1},
    "mappings": {
        "dynamic": False,
        "properties": {"place": {"type": "object", "properties": {"x": {"type": "long"}}}},
    },
}
INDEX_KEPT = {
    "aliases": {"other": {}},
    "mappings": {
        "dynamic": "false",
        "properties": {"place": {"properties": {"x": {"type": "long"}}}, "n": {"type": "long"}},
    },
    "settings": {"index": {"number_of_shards": "1", "uuid": "u", "provided_name": "late"}},
}


class Fake:
    """Servers that hold JSON by path and answer as Elasticsearch does."""

    def __init__(self, *, distribution: str = "") -> None:
        self.held: dict[str, Any] = {}
        self.sent: list[tuple[str, str, Any]] = []
        self.refuses: dict[str, Answer] = {}
        self.distribution = distribution

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        if method != "GET":
            self.sent.append((method, path, body))
        if refused := self.refuses.get(f"{method} {path}"):
            return refused
        if method == "GET" and path == "/":
            return Answer(200, {"version": {"distribution": self.distribution}})
        bare = path.partition("?")[0]
        if method == "GET":
            return Answer(200, self.held[bare]) if bare in self.held else error(404, "none", "none")
        self.hold(bare, body)
        return Answer(200, {"acknowledged": True})

    def hold(self, path: str, body: Any) -> None:
        """Keep what was put there, as the API gives it back."""
        name = path.rpartition("/")[2]
        if path.startswith("/_ilm"):
            self.held[path] = {name: body if "version" in body else POLICY_KEPT}
        elif path.startswith("/_component"):
            self.held[path] = {"component_templates": [{"name": name, "component_template": body}]}
        elif path.startswith("/_index_template"):
            self.held[path] = {"index_templates": [{"name": name, "index_template": body}]}
        else:
            self.held[path] = {name: body}


def error(status: int, type_: str, reason: str) -> Answer:
    return Answer(status, {"error": {"type": type_, "reason": reason}, "status": status})


def files(directory: Path, **bodies: Any) -> list[planned.Planned]:
    for name, body in bodies.items():
        path = directory / f"{name.replace('__', '.').replace('_', '-')}.json"
        path.write_text(body if isinstance(body, str) else json.dumps(body))
    return planned.read(directory)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, which takes no time here."""
    waited: list[float] = []
    monkeypatch.setattr("flinksec_jobs.index_setup.survey.time.sleep", waited.append)
    return waited


def problem(call: Any) -> JobError:
    with pytest.raises(JobError) as raised:
        call()
    return raised.value


def test_what_the_servers_write_otherwise_is_no_difference(tmp_path: Path) -> None:
    plan = files(
        tmp_path, lifecycle__week=POLICY, index_template__flights=TEMPLATE, index__late=INDEX
    )
    fake = Fake()
    fake.hold("/_ilm/policy/week", POLICY_KEPT)
    fake.hold("/_index_template/flights", TEMPLATE_KEPT)
    fake.hold("/late", INDEX_KEPT)
    assert [(one.planned.name, one.state) for one in survey(Servers(fake), plan)] == [
        ("week", "equal"),
        ("flights", "equal"),
        ("late", "equal"),
    ]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("priority",), 501, 'priority: the server has "501", the file "500"'),
        (
            ("template", "settings", "index", "number_of_replicas"),
            "2",
            'replicas: the server has "2", the file "0"',
        ),
        (
            ("template", "mappings", "properties", "delay", "type"),
            "long",
            'delay.type: the server has "long", the file "integer"',
        ),
        (
            ("template", "mappings", "properties", "new"),
            {"type": "ip"},
            'new: the server has {"type": "ip"}, the file nothing',
        ),
        (("template", "aliases", "more"), {}, "aliases.more: the server has {}, the file nothing"),
        (("data_stream",), None, "data_stream: the server has nothing, the file {}"),
    ],
)
def test_a_difference_is_told_by_its_path_and_both_values(
    tmp_path: Path, path: tuple[str, ...], value: object, told: str
) -> None:
    plan = files(tmp_path, index_template__flights=TEMPLATE)
    kept = json.loads(json.dumps(TEMPLATE_KEPT))
    inner = kept
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    if value is None:
        del inner[path[-1]]
    fake = Fake()
    fake.hold("/_index_template/flights", kept)
    raised = problem(lambda: bring_about(Servers(fake), plan, overwrite=False))
    assert told in raised.message
    assert "the index template flights differs" in raised.message
    assert "flinksec elasticsearch apply" in str(raised.hint)
    assert fake.sent == []


def test_nothing_is_made_while_something_differs_and_all_of_it_is_told(tmp_path: Path) -> None:
    plan = files(
        tmp_path,
        component_template__base={"template": {}},
        index__late=INDEX,
        index__other={"settings": {"number_of_replicas": 1}},
        index__new={},
    )
    fake = Fake()
    fake.hold("/late", INDEX_KEPT | {"mappings": {"dynamic": "strict"}})
    fake.hold("/other", {"settings": {"index": {"number_of_replicas": "0"}}})
    raised = problem(lambda: bring_about(Servers(fake), plan, overwrite=False))
    assert raised.message.startswith("2 files of elasticsearch.setup say something else")
    assert fake.sent == []


def test_what_is_missing_is_made_in_the_order_in_which_one_needs_another(tmp_path: Path) -> None:
    plan = files(
        tmp_path,
        index__late=INDEX,
        index_template__flights=TEMPLATE_KEPT,
        component_template__base={"template": {"settings": {"index.codec": "default"}}},
        lifecycle__week=POLICY,
    )
    fake = Fake()
    done = bring_about(Servers(fake), plan, overwrite=False)
    assert [what for _, what in done] == ["created"] * 4
    assert [(method, path) for method, path, _ in fake.sent] == [
        ("PUT", "/_ilm/policy/week"),
        ("PUT", "/_component_template/base?create=true"),
        ("PUT", "/_index_template/flights?create=true"),
        ("PUT", "/late"),
    ]
    again = bring_about(Servers(fake), plan, overwrite=False)
    assert [what for _, what in again] == ["equal"] * 4


def test_another_job_that_was_quicker_is_no_error_unless_it_made_something_else(
    tmp_path: Path,
) -> None:
    plan = files(tmp_path, index__late=INDEX)

    class Race(Fake):
        def __call__(self, method: str, path: str, body: Any) -> Answer:
            if method == "PUT":
                self.hold("/late", theirs)
                return error(400, "resource_already_exists_exception", "index [late] exists")
            return super().__call__(method, path, body)

    theirs: Any = INDEX_KEPT
    assert bring_about(Servers(Race()), plan, overwrite=False) == [(plan[0], "created")]
    theirs = INDEX_KEPT | {"mappings": {"dynamic": "strict"}}
    raised = problem(lambda: bring_about(Servers(Race()), plan, overwrite=False))
    assert 'mappings.dynamic: the server has "strict", the file "false"' in raised.message


def test_a_changed_index_gets_its_new_fields_settings_and_aliases_and_keeps_the_rest(
    tmp_path: Path,
) -> None:
    body = {
        "settings": {"number_of_replicas": 2, "number_of_shards": 1},
        "mappings": {"properties": {"added": {"type": "ip"}}},
        "aliases": {"late-all": {"is_write_index": True}},
    }
    plan = files(tmp_path, index__late=body)
    fake = Fake()
    fake.hold("/late", INDEX_KEPT)
    problem(lambda: bring_about(Servers(fake), plan, overwrite=True))  # a fake that changes nothing
    assert fake.sent == [
        ("PUT", "/late/_mapping", body["mappings"]),
        ("PUT", "/late/_settings", {"index.number_of_replicas": "2"}),
        (
            "POST",
            "/_aliases",
            {"actions": [{"add": {"index": "late", "alias": "late-all", "is_write_index": True}}]},
        ),
    ]


def test_the_type_of_a_field_is_told_to_be_fixed(tmp_path: Path) -> None:
    plan = files(tmp_path, index__late={"mappings": {"properties": {"n": {"type": "keyword"}}}})
    fake = Fake()
    fake.hold("/late", INDEX_KEPT)
    raised = problem(lambda: bring_about(Servers(fake), plan, overwrite=False))
    assert "cannot be changed in place" in str(raised.hint)
    reason = "mapper [n] cannot be changed from type [long] to [keyword]"
    fake.refuses["PUT /late/_mapping"] = error(400, "illegal_argument_exception", reason)
    raised = problem(lambda: bring_about(Servers(fake), plan, overwrite=True))
    assert reason in raised.message
    assert "reindex into it" in str(raised.hint)


def test_a_parameter_that_a_field_has_by_itself_is_no_difference(tmp_path: Path) -> None:
    body = {
        "settings": {"refresh_interval": "1s"},
        "mappings": {
            "properties": {
                "t": {"type": "text", "fields": {"raw": {"type": "keyword", "index": True}}}
            }
        },
    }
    plan = files(tmp_path, index__late=body)
    fake = Fake()
    fake.hold(
        "/late",
        {
            "mappings": {
                "properties": {"t": {"type": "text", "fields": {"raw": {"type": "keyword"}}}}
            }
        },
    )
    fake.held["/late/_settings"] = {
        "late": {"settings": {}, "defaults": {"index": {"refresh_interval": "1s"}}}
    }
    fake.held["/late/_mapping/field/*"] = {
        "late": {"mappings": {"t.raw": {"full_name": "t.raw", "mapping": {"raw": {"index": True}}}}}
    }
    assert bring_about(Servers(fake), plan, overwrite=False) == [(plan[0], "equal")]
    body["mappings"]["properties"]["t"]["fields"]["raw"]["index"] = False  # type: ignore[index]
    plan = files(tmp_path, index__late=body)
    raised = problem(lambda: bring_about(Servers(fake), plan, overwrite=False))
    assert "t.fields.raw.index: the server has nothing, the file" in raised.message


def test_an_index_that_another_job_is_just_making_is_waited_for(
    tmp_path: Path, pauses: list[float]
) -> None:
    plan = files(tmp_path, index__late={"mappings": {"properties": {"n": {"index": True}}}})
    path = "/late/_mapping/field/*"

    class Slow(Fake):
        def __call__(self, method: str, path_: str, body: Any) -> Answer:
            answered = super().__call__(method, path_, body)
            if path_.startswith(path):
                self.held[path] = {
                    "late": {
                        "mappings": {"n": {"full_name": "n", "mapping": {"n": {"index": True}}}}
                    }
                }
            return answered

    fake = Slow()
    fake.hold("/late", {"mappings": {"properties": {"n": {"type": "long"}}}})
    fake.held[path] = {"late": {"mappings": {}}}
    assert bring_about(Servers(fake), plan, overwrite=False)[0][1] == "equal"
    assert len(pauses) == 1


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
    body = {} if "stream" in name else {"policy": {}, "template": {}, "index_patterns": ["x"]}
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
    monkeypatch.setattr(setup, "_asked", lambda _: nullcontext(Servers(fake)))
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


JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "settings": st.dictionaries(st.sampled_from(["a", "b", "index"]), JSON, max_size=3),
        "mappings": st.dictionaries(st.sampled_from(["properties", "dynamic"]), JSON, max_size=2),
        "priority": st.integers(),
    },
)


@given(BODIES)
def test_normal_form_is_its_own_and_equal_to_itself(body: dict[str, Any]) -> None:
    once = normal_form.body(body)
    assert list(compare(once, normal_form.body(json.loads(json.dumps(body))), whole=True)) == []
    assert normal_form.body(once) == once


@given(BODIES, st.sampled_from(["x", "y"]), st.integers())
def test_a_value_that_the_servers_have_besides_is_told_of_a_template_and_not_of_an_index(
    body: dict[str, Any], key: str, value: int
) -> None:
    ours = normal_form.body(body)
    theirs = ours | {key: str(value)}
    assert [one.path for one in compare(theirs, ours, whole=True)] == [(key,)]
    assert list(compare(theirs, ours, whole=False)) == []
