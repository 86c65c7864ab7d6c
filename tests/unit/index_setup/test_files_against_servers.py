# SPDX-License-Identifier: Apache-2.0
"""Files and servers are compared as what they mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.index_setup import normal_form
from flinksec_jobs.index_setup.applying import bring_about
from flinksec_jobs.index_setup.differences import compare
from flinksec_jobs.index_setup.setup_requests import Servers
from flinksec_jobs.index_setup.survey import survey
from tests.unit.index_setup.setup_servers import (
    INDEX,
    INDEX_KEPT,
    POLICY,
    POLICY_KEPT,
    TEMPLATE,
    TEMPLATE_KEPT,
    Fake,
    files,
    problem,
)


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


def test_a_whole_number_is_the_double_that_the_servers_make_of_it(tmp_path: Path) -> None:
    fields = {
        "delay": {"type": "double", "null_value": 0},
        "price": {"type": "scaled_float", "scaling_factor": 100},
    }
    kept = {
        "delay": {"type": "double", "null_value": 0.0},
        "price": {"type": "scaled_float", "scaling_factor": 100.0},
    }
    plan = files(tmp_path, index__late={"mappings": {"properties": fields}})
    fake = Fake()
    fake.hold("/late", {"mappings": {"properties": kept}})
    assert [one.state for one in survey(Servers(fake), plan)] == ["equal"]
    kept["price"]["scaling_factor"] = 100.5
    (found,) = survey(Servers(fake), plan)
    assert [str(one) for one in found.differences] == [
        'mappings.properties.price.scaling_factor: the server has "100.5", the file "100"'
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


JSON = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
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
