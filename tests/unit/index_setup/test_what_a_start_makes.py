# SPDX-License-Identifier: Apache-2.0
"""What is missing is made once, and what is there is changed only where that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flinksec_jobs.index_setup.applying import bring_about
from flinksec_jobs.index_setup.setup_requests import Answer, Servers
from tests.unit.index_setup.setup_servers import (
    INDEX,
    INDEX_KEPT,
    POLICY,
    TEMPLATE_KEPT,
    Fake,
    error,
    files,
    problem,
)


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
