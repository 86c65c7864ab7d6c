# SPDX-License-Identifier: Apache-2.0
"""What each account may, asked of the API server: all verbs on all that matters."""

import itertools
import json
from typing import Any

import pytest

from tests.kubernetes.node.node import Node

ACCOUNTS = ("flink-jobmanager", "flink-taskmanager", "flink-deployer", "flink-proxy", "default")
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")
CLUSTER_MAP = "configmaps/flink-cluster-config-map"
JOB_MAP = "configmaps/flink-00000000000000000000000000000001-config-map"
RESOURCES = (
    "secrets",
    "secrets/flink-keytab",
    "configmaps",
    CLUSTER_MAP,
    JOB_MAP,
    "configmaps/flink-conf",
    "configmaps/another",
    "pods",
    "pods:exec",
    "services",
    "jobs.batch",
    "jobs.batch/flink-jobmanager",
    "jobs.batch/another",
    "statefulsets.apps/flink-taskmanager",
    "statefulsets.apps:scale/flink-taskmanager",
    "statefulsets.apps/another",
    "networkpolicies.networking.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "serviceaccounts:token",
)
# All else is forbidden. "create" has no name to tie it to: it holds for the resource as a whole.
ALLOWED = {
    ("flink-jobmanager", "configmaps"): {"create"},
    ("flink-jobmanager", CLUSTER_MAP): set(VERBS),
    ("flink-jobmanager", JOB_MAP): {"get", "create", "update", "delete"},
    ("flink-jobmanager", "configmaps/flink-conf"): {"create"},
    ("flink-jobmanager", "configmaps/another"): {"create"},
    ("flink-taskmanager", CLUSTER_MAP): {"list", "watch"},
    ("flink-deployer", "configmaps/flink-conf"): {"get", "patch"},
    ("flink-deployer", "pods"): {"get", "list", "watch"},
    ("flink-deployer", "jobs.batch"): {"create"},
    ("flink-deployer", "jobs.batch/flink-jobmanager"): {
        "get",
        "list",
        "watch",
        "create",
        "patch",
        "delete",
    },
    ("flink-deployer", "jobs.batch/another"): {"create"},
    ("flink-deployer", "statefulsets.apps/flink-taskmanager"): {"get", "list", "watch", "patch"},
    ("flink-deployer", "statefulsets.apps:scale/flink-taskmanager"): {"get", "patch"},
}


def review(namespace: str, account: str, verb: str, resource: str) -> dict[str, object]:
    kind, _, name = resource.partition("/")
    kind, _, subresource = kind.partition(":")
    plural, _, group = kind.partition(".")
    attributes = {
        "namespace": namespace,
        "verb": verb,
        "group": group,
        "resource": plural,
        "subresource": subresource,
        "name": name,
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": f"system:serviceaccount:{namespace}:{account}",
            "groups": ["system:serviceaccounts", "system:authenticated"],
            "resourceAttributes": attributes,
        },
    }


@pytest.fixture(scope="module")
def allowed(node: Node, namespace: str) -> dict[tuple[str, str], set[str]]:
    """For account and resource, the verbs that the API server allows."""
    asked = list(itertools.product(ACCOUNTS, RESOURCES, VERBS))
    items = [review(namespace, account, verb, what) for account, what, verb in asked]
    listed = {"apiVersion": "v1", "kind": "List", "items": items}
    answers = node.kubectl("create", "--filename=-", "--output=json", input=json.dumps(listed))
    decoder, position = json.JSONDecoder(), 0
    found: list[dict[str, Any]] = []
    while position < len(answers.rstrip()):
        answer, position = decoder.raw_decode(answers, position)
        found += answer["items"] if answer["kind"] == "List" else [answer]
        position += len(answers[position:]) - len(answers[position:].lstrip())
    assert len(found) == len(asked)
    seen: dict[tuple[str, str], set[str]] = {}
    for (account, what, verb), answer in zip(asked, found, strict=True):
        if answer["status"]["allowed"]:
            seen.setdefault((account, what), set()).add(verb)
    return seen


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_may_what_stands_here_and_nothing_else(
    allowed: dict[tuple[str, str], set[str]], account: str
) -> None:
    expected = {what: verbs for (who, what), verbs in ALLOWED.items() if who == account}
    assert {what: verbs for (who, what), verbs in allowed.items() if who == account} == expected
