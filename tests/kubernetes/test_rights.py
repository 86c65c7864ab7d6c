# SPDX-License-Identifier: Apache-2.0
"""What each account may, asked of the API server: all verbs on all that matters."""

import itertools
import json
import re
from typing import Any

import pytest

from tests.kubernetes.node.node import Node

ACCOUNTS = ("flink-jobmanager", "flink-taskmanager", "flink-deployer", "flink-proxy", "default")
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")
CLUSTER_MAP = "configmaps/flink-cluster-config-map"
JOB_MAP = "configmaps/that-of-the-job"
"""Flink's own of the job: its name has the id, which the Role names and each deployment changes."""
RESOURCES = (
    "secrets",
    "secrets/flink-keytab",
    "configmaps",
    CLUSTER_MAP,
    JOB_MAP,
    "configmaps/flink-conf",
    "configmaps/another",
    "configmaps/flink-check",
    "pods",
    "pods:exec",
    "pods:attach",
    "pods:ephemeralcontainers",
    "pods:log",
    "services",
    "jobs.batch",
    "jobs.batch/flink-jobmanager",
    "jobs.batch/flink-check",
    "jobs.batch/another",
    "cronjobs.batch/flink-savepoints",
    "cronjobs.batch/another",
    "deployments.apps/flink-deployer",
    "leases.coordination.k8s.io/flinksec-deploy",
    "leases.coordination.k8s.io/another",
    "statefulsets.apps/flink-taskmanager",
    "statefulsets.apps:scale/flink-taskmanager",
    "statefulsets.apps/another",
    "networkpolicies.networking.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "roles.rbac.authorization.k8s.io/flink-jobmanager",
    "roles.rbac.authorization.k8s.io/flink-deployer",
    "rolebindings.rbac.authorization.k8s.io",
    "serviceaccounts:token",
)
OF_A_JOB = {"get", "list", "watch", "create", "patch", "delete"}
# All else is forbidden. "create" has no name to tie it to: it holds for the resource as a whole.
ALLOWED = {
    ("flink-jobmanager", "configmaps"): {"create"},
    ("flink-jobmanager", CLUSTER_MAP): set(VERBS),
    ("flink-jobmanager", JOB_MAP): {"get", "create", "update", "delete"},
    ("flink-jobmanager", "configmaps/flink-conf"): {"create"},
    ("flink-jobmanager", "configmaps/another"): {"create"},
    ("flink-jobmanager", "configmaps/flink-check"): {"create"},
    ("flink-taskmanager", CLUSTER_MAP): {"list", "watch"},
    # All ConfigMaps: those of high availability have an id in their names that is new each time.
    **{("flink-deployer", one): set(VERBS) for one in RESOURCES if one.startswith("configmaps")},
    ("flink-deployer", "pods"): {"get", "list", "watch"},
    ("flink-deployer", "pods:log"): {"get"},
    ("flink-deployer", "jobs.batch"): {"create"},
    **{
        ("flink-deployer", one): OF_A_JOB for one in RESOURCES if one.startswith("jobs.batch/flink")
    },
    ("flink-deployer", "jobs.batch/another"): {"create"},
    ("flink-deployer", "cronjobs.batch/flink-savepoints"): {"get", "list", "watch", "patch"},
    ("flink-deployer", "leases.coordination.k8s.io/flinksec-deploy"): {
        "get",
        "create",
        "update",
        "patch",
    },
    ("flink-deployer", "leases.coordination.k8s.io/another"): {"create"},
    ("flink-deployer", "roles.rbac.authorization.k8s.io/flink-jobmanager"): {"get", "patch"},
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


def rules_of(node: Node, namespace: str) -> list[dict[str, Any]]:
    """The rules of the JobManager's Role, as they are now: another test deploys the job."""
    found = node.kubectl("-n", namespace, "get", "role", "flink-jobmanager", "--output=json")
    rules: list[dict[str, Any]] = json.loads(found)["rules"]
    return rules


def job_map(rules: list[dict[str, Any]]) -> str:
    (name,) = rules[2]["resourceNames"]
    assert re.fullmatch(r"flink-[0-9a-f]{32}-config-map", name)
    return f"configmaps/{name}"


@pytest.fixture(scope="module")
def allowed(node: Node, namespace: str) -> dict[tuple[str, str], set[str]]:
    """For account and resource, the verbs that the API server allows."""
    while True:
        of_the_job = job_map(rules_of(node, namespace))
        answers = ask(node, namespace, of_the_job)
        if job_map(rules_of(node, namespace)) == of_the_job:
            return answers


def ask(node: Node, namespace: str, of_the_job: str) -> dict[tuple[str, str], set[str]]:
    asked = list(itertools.product(ACCOUNTS, RESOURCES, VERBS))
    items = [
        review(namespace, account, verb, of_the_job if what == JOB_MAP else what)
        for account, what, verb in asked
    ]
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


def patched(node: Node, namespace: str, role: str, rules: list[dict[str, Any]]) -> tuple[int, str]:
    """Change a Role as the deployer, without effect."""
    done = node.kubectl.attempt(
        *("-n", namespace, "patch", "role", role, "--type=merge", "--dry-run=server"),
        f"--as=system:serviceaccount:{namespace}:flink-deployer",
        f"--patch={json.dumps({'rules': rules})}",
    )
    return done.returncode, done.stderr


def rights(resource: str, *verbs: str, name: str | None = None, group: str = "") -> dict[str, Any]:
    named = {"resourceNames": [name]} if name else {}
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)} | named


def test_the_deployer_gives_the_jobmanager_the_configmap_of_a_new_id(
    node: Node, namespace: str
) -> None:
    rules = rules_of(node, namespace)
    assert job_map(rules)
    rules[2]["resourceNames"] = [f"flink-{'ab' * 16}-config-map"]
    assert patched(node, namespace, "flink-jobmanager", rules) == (0, "")


GIVEN_AWAY = {
    "Secrets": rights("secrets", "get"),
    "all verbs on ConfigMaps": rights("configmaps", "*"),
    "a shell in pods": rights("pods/exec", "create"),
    "any Job": rights("jobs", "delete", group="batch"),
    "other Roles": rights("roles", "patch", group="rbac.authorization.k8s.io"),
    "all leases": rights("leases", "update", group="coordination.k8s.io"),
}


@pytest.mark.parametrize("what", GIVEN_AWAY)
def test_the_deployer_can_give_nobody_what_it_has_not_itself(
    node: Node, namespace: str, what: str
) -> None:
    code, error = patched(node, namespace, "flink-jobmanager", [GIVEN_AWAY[what]])
    assert code != 0
    assert "attempting to grant RBAC permissions not currently held" in error


def test_the_deployer_changes_no_other_role(node: Node, namespace: str) -> None:
    code, error = patched(node, namespace, "flink-deployer", [rights("pods", "get")])
    assert code != 0
    assert "forbidden" in error.lower()
