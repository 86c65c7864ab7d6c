# SPDX-License-Identifier: Apache-2.0
"""What a job may do with an index is asked of Elasticsearch, whose answer is never left out.

The answers have the shape of Elasticsearch's reference, whose security is in no public artifact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from flinksec_jobs.elasticsearch import privileges
from flinksec_jobs.index_setup.setup_requests import Answer

ALL = dict.fromkeys(privileges.PRIVILEGES, True)
NONE = dict.fromkeys(privileges.PRIVILEGES, False)


class Servers:
    """Elasticsearch with a user of these rights."""

    def __init__(self, given: Mapping[str, bool], *, is_there: bool = True) -> None:
        self.given = given
        self.is_there = is_there
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, method: str, path: str, body: Any) -> Answer:
        self.asked.append((method, path, body))
        if method == "HEAD":
            return Answer(200 if self.is_there else 404, None)
        (one,) = body["index"]
        answered = {name: self.given[name] for name in one["privileges"]}
        return Answer(200, {"username": "flink", "index": {one["names"][0]: answered}})


def found_of(servers: Any, index: str = "flights") -> tuple[str, list[tuple[str, str]]]:
    detail, findings = privileges.of_index(servers, index)
    return detail, [(one.id, one.severity) for one in findings]


def test_who_may_do_all_is_told_what() -> None:
    servers = Servers(ALL)
    assert found_of(servers) == ("index, create_doc, delete, auto_configure, create_index", [])
    assert servers.asked[0][:2] == ("POST", "/_security/user/_has_privileges")


def test_who_may_not_write_is_a_problem() -> None:
    read_only = Servers(NONE | {"create_index": True})
    assert found_of(read_only) == ("create_index", [("elasticsearch-not-authorized", "problem")])


def test_an_index_that_nobody_has_made_and_the_job_may_not_is_a_problem() -> None:
    writes = NONE | {"index": True, "create_doc": True, "delete": True}
    assert found_of(Servers(writes)) == ("index, create_doc, delete", [])
    assert found_of(Servers(writes, is_there=False)) == (
        "index, create_doc, delete",
        [("elasticsearch-not-authorized", "problem")],
    )
    makes = writes | {"auto_configure": True}
    assert found_of(Servers(makes, is_there=False))[1] == []


def test_who_may_add_documents_and_change_none_is_told_so() -> None:
    servers = Servers(NONE | {"create_doc": True})
    assert found_of(servers) == (
        "create_doc",
        [("elasticsearch-rights-for-new-only", "note")],
    )


@pytest.mark.parametrize("status", [400, 404, 405])
def test_servers_that_know_no_such_question_are_told(status: int) -> None:
    error = {"error": "no handler found for uri [/_security/user/_has_privileges]"}
    assert found_of(lambda *_: Answer(status, error)) == (
        "",
        [("elasticsearch-rights-not-asked", "note")],
    )


@pytest.mark.parametrize(
    "answer",
    [Answer(403, {"error": {}}), Answer(500, None), Answer(200, None), Answer(200, {"index": 1})],
)
def test_an_answer_that_says_nothing_is_a_warning(answer: Answer) -> None:
    assert found_of(lambda *_: answer) == ("", [("elasticsearch-rights-refused", "warning")])


def test_date_math_is_not_asked_about_and_told_so() -> None:
    assert found_of(Servers(ALL), "<logs-{now/d}>") == (
        "",
        [("elasticsearch-rights-not-asked", "note")],
    )
