# SPDX-License-Identifier: Apache-2.0
"""What a person has applied goes when a version without it is applied; what others set is told.

``applied_by_hand.json`` has objects as an API server 1.37 gave them: applied by us without a part,
then by ``kubectl apply`` with it, server-side and not, labelled by kubectl, and patched by us.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import pytest

from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.objects_applied import ObjectsApplied
from flinksec_jobs.deploy.outside import FIELD_MANAGER, KubeObject
from flinksec_jobs.deploy.owned_fields import (
    left_out,
    others_fields,
    taken_over,
    without_left_out,
)
from flinksec_jobs.deploy.preview import preview
from tests.unit.deploy.fakes import FakeApi, version
from tests.unit.deploy.world import World

OBJECTS: dict[str, KubeObject] = json.loads(
    Path(__file__).with_name("applied_by_hand.json").read_text("utf-8")
)
POLICY_GOES = ["spec.ingress"]
SET_GOES = [
    "spec.template.spec.containers[name=x].env[name=B]",
    "spec.template.spec.nodeSelector",
]
GOES = {name: POLICY_GOES if "Policy" in name else SET_GOES for name in OBJECTS}


def without(found: KubeObject) -> KubeObject:
    """The version that is applied: the object as it was before the person's."""
    content = deepcopy(found)
    content["metadata"] = {"name": found["metadata"]["name"], "namespace": "flights"}
    if content["kind"] == "NetworkPolicy":
        del content["spec"]["ingress"]
    else:
        spec = content["spec"]["template"]["spec"]
        del spec["nodeSelector"]
        spec["containers"][0]["env"].pop()
    return content


def managers(fields: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["manager"], one["operation"]) for one in fields]


@pytest.mark.parametrize("name", OBJECTS)
def test_what_a_person_applied_is_ours_afterwards_and_labels_stay_theirs(name: str) -> None:
    fields = taken_over(OBJECTS[name], FIELD_MANAGER)
    assert fields is not None
    assert managers(fields) == [("kubectl-label", "Update"), ("flinksec", "Apply")]
    before = OBJECTS[name]["metadata"]["managedFields"]
    every = [one["fieldsV1"]["f:spec"] for one in before if "f:spec" in one["fieldsV1"]]
    for one in every:
        assert covers(fields[-1]["fieldsV1"]["f:spec"], one)
    taken = OBJECTS[name] | {"metadata": OBJECTS[name]["metadata"] | {"managedFields": fields}}
    assert taken_over(taken, FIELD_MANAGER) is None


def covers(whole: Mapping[str, Any], part: Mapping[str, Any]) -> bool:
    return all(key in whole and covers(whole[key], below) for key, below in part.items())


@pytest.mark.parametrize("name", OBJECTS)
def test_what_goes_is_told_by_its_path_and_what_the_version_has_is_not(name: str) -> None:
    found = OBJECTS[name]
    assert list(left_out(found, without(found), FIELD_MANAGER)) == GOES[name]
    after = without_left_out(found, found, without(found), FIELD_MANAGER)
    assert after["spec"] == without(found)["spec"]
    assert after["metadata"] == found["metadata"]


@pytest.mark.parametrize(
    ("manager", "stays"),
    [
        ("helm", {"helm": POLICY_GOES}),
        ("kube-controller-manager", {}),
        ("kubectl-edit", {}),
        ("before-first-apply", {}),
    ],
)
def test_what_another_program_has_set_stays_and_is_told_by_its_name(
    manager: str, stays: Mapping[str, list[str]]
) -> None:
    found = deepcopy(OBJECTS["server NetworkPolicy"])
    for one in found["metadata"]["managedFields"]:
        if one["manager"] == "kubectl":
            one["manager"] = manager
    assert others_fields(found, without(found), FIELD_MANAGER) == stays
    is_persons = manager in {"kubectl-edit", "before-first-apply"}
    assert (taken_over(found, FIELD_MANAGER) is not None) == is_persons


def test_what_is_of_a_subresource_or_an_older_version_of_the_api_is_left_alone() -> None:
    for change in ({"subresource": "status"}, {"apiVersion": "networking.k8s.io/v1beta1"}):
        found = deepcopy(OBJECTS["server NetworkPolicy"])
        for one in found["metadata"]["managedFields"]:
            if one["manager"] == "kubectl":
                one.update(change)
        assert taken_over(found, FIELD_MANAGER) is None


def test_an_object_that_we_never_applied_is_taken_over_whole() -> None:
    found = deepcopy(OBJECTS["client StatefulSet"])
    fields = found["metadata"]["managedFields"]
    fields[:] = [one for one in fields if one["manager"] != FIELD_MANAGER]
    taken = taken_over(found, FIELD_MANAGER)
    assert taken is not None
    assert managers(taken) == [("kubectl-label", "Update"), ("flinksec", "Apply")]


def test_it_is_taken_over_before_it_is_applied_under_the_version_that_was_read() -> None:
    world = World()
    found = world.put(OBJECTS["server NetworkPolicy"])
    told: list[str] = []
    ObjectsApplied(FakeApi(world), told.append).put(without(found))
    calls = [call for call in world.faults.calls if "get" not in call]
    assert [call.rpartition(".")[2].split("(")[0] for call in calls][-2:] == ["patch", "apply"]
    assert told == [
        "NetworkPolicy/p: spec.ingress goes, as somebody set it by kubectl and the version has no "
        "such"
    ]


def test_a_dry_run_shows_what_would_go() -> None:
    class Api(FakeApi):
        """Applies as an API server: what is another's stays."""

        def apply(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
            assert dry_run
            there = self.world.objects.get((content["kind"], content["metadata"]["name"]))
            return deepcopy(there or content)

    world = World()
    api = Api(world)
    policy = deepcopy(OBJECTS["server NetworkPolicy"])
    policy["metadata"].pop("namespace")
    world.put(policy)
    deployed = Version([*version().objects, without(policy) | {"metadata": {"name": "p"}}])
    found = preview(cast(Any, api), ObjectsApplied(api, lambda _: None), deployed)
    (change,) = (one for one in found if one.what.name == "p")
    assert change.how == "changed"
    assert "-  ingress:" in change.diff
