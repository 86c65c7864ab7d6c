# SPDX-License-Identifier: Apache-2.0
"""The component admission: whoever may make pods in the namespace makes those of the job, only.

It is applied as the overlay of the example has it, but to a namespace of its own, and every request
is a dry run: admission is asked, and nothing is made.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.deploy.check_job import pod_of_look
from flinksec_jobs.manifests import render
from tests.kubernetes.node.node import Node
from tests.kubernetes.pod_attacks import ATTACKS, SHELL
from tests.manifests.documents import read
from tests.patience import PATIENCE

KUBERNETES = Path(__file__).parents[2] / "docker" / "kubernetes"
EXAMPLE = Path("overlays/example")
CI = Path("ci/account.yaml")
# That of the example is the minikube script's, too, which runs on the same node.
NAMESPACE = "guarded-flights"
_ITS_NAME = re.compile(r'^(\s*(?:kubernetes[._])?name(?:space)?\s*[:=]\s*"?)flight-delays\b', re.M)
UNCHANGED = "are changed by who may change the policies"
WORKLOADS = ("Job", "CronJob", "StatefulSet", "Deployment")
APPLIED = (
    *("Namespace", "ServiceAccount", "ConfigMap", "Role", "RoleBinding"),
    *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
)


class Guarded:
    """A namespace under the policies.

    Args:
        node: the cluster.
        objects: all of the overlay.
    """

    def __init__(self, node: Node, objects: list[dict[str, Any]]) -> None:
        self.node, self.objects = node, objects

    def of(self, kind: str, name: str) -> dict[str, Any]:
        return next(
            copy.deepcopy(one)
            for one in self.objects
            if (one["kind"], one["metadata"]["name"]) == (kind, name)
        )

    def ask(self, verb: str, content: dict[str, Any], account: str = "") -> tuple[int, str]:
        """Create or replace as an account, without effect."""
        given = [f"--as=system:serviceaccount:{NAMESPACE}:{account}"] if account else []
        done = self.node.kubectl.attempt(
            *("-n", NAMESPACE, verb, "--dry-run=server", "--filename=-", *given),
            input=json.dumps(content),
        )
        return done.returncode, done.stderr

    def command(self, *words: str, account: str = "") -> tuple[int, str]:
        given = [f"--as=system:serviceaccount:{NAMESPACE}:{account}"] if account else []
        done = self.node.kubectl.attempt("-n", NAMESPACE, *given, *words)
        return done.returncode, done.stderr


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all manifests, in which the example has another namespace."""
    directory = tmp_path_factory.mktemp("manifests") / KUBERNETES.name
    shutil.copytree(KUBERNETES, directory)
    for file in (*(directory / EXAMPLE).iterdir(), directory / CI):
        if file.is_file():
            file.write_text(_ITS_NAME.sub(rf"\g<1>{NAMESPACE}", file.read_text()))
    return directory


@pytest.fixture(scope="module")
def guarded(node: Node, renamed: Path) -> Iterator[Guarded]:
    objects = read(render(renamed / EXAMPLE))
    assert {one["metadata"].get("namespace", NAMESPACE) for one in objects} == {NAMESPACE}
    applied = [one for one in objects if one["kind"] in APPLIED]
    applied.sort(key=lambda one: APPLIED.index(one["kind"]))
    node.kubectl.apply(*applied, *read((renamed / CI).read_text()))
    there = Guarded(node, objects)
    # A policy holds some moments after it was made.
    end = time.monotonic() + PATIENCE
    parameters = there.of("ConfigMap", "flink-admission")
    parameters["data"]["variables"] = "PATH"
    for verb, content, refusal in (
        ("create", attacked(there, "a foreign image"), ATTACKS["a foreign image"].refused),
        ("replace", parameters, UNCHANGED),
    ):
        while refusal not in there.ask(verb, content, "flink-deployer")[1]:
            assert time.monotonic() < end, "no policy came into force"
            time.sleep(0.5)
    yield there
    node.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
        for name in ("flink-pods", "flink-guard"):
            node.kubectl("delete", kind, f"{name}.{NAMESPACE}")


def job_of(guarded: Guarded, name: str = "another") -> dict[str, Any]:
    """A Job like that of the JobManager: a Job of that name is there already, maybe."""
    job = guarded.of("Job", "flink-jobmanager")
    job["metadata"]["name"] = name
    return job


def attacked(guarded: Guarded, attack: str) -> dict[str, Any]:
    job = job_of(guarded)
    ATTACKS[attack].change(job["spec"]["template"]["spec"])
    return job


def pod_of(workload: dict[str, Any], name: str = "a-pod") -> dict[str, Any]:
    spec = workload["spec"]
    template = (
        spec["jobTemplate"]["spec"]["template"] if "jobTemplate" in spec else spec["template"]
    )
    metadata = {"name": name, "namespace": NAMESPACE, "labels": template["metadata"]["labels"]}
    pod = {**template["spec"], "restartPolicy": "Never"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod}


def names_of(guarded: Guarded) -> list[tuple[str, str]]:
    return [
        (one["kind"], one["metadata"]["name"])
        for one in guarded.objects
        if one["kind"] in WORKLOADS
    ]


def test_the_policies_are_those_of_the_overlays_namespace_and_images(guarded: Guarded) -> None:
    parameters = guarded.of("ConfigMap", "flink-admission")["data"]
    assert parameters["images-job"] == "registry.example.com/flight-delays"
    binding = guarded.of("ValidatingAdmissionPolicyBinding", f"flink-pods.{NAMESPACE}")
    assert binding["spec"]["policyName"] == f"flink-pods.{NAMESPACE}"
    warnings = guarded.node.kubectl(
        "get", "validatingadmissionpolicies", "--output=jsonpath={.items[*].status.typeChecking}"
    )
    assert "expressionWarnings" not in warnings


def test_all_workloads_of_the_overlay_and_their_pods_are_taken(guarded: Guarded) -> None:
    names = names_of(guarded)
    assert len(names) >= 5
    for kind, name in names:
        workload = guarded.of(kind, name)
        code, error = guarded.ask("create", workload)
        assert code == 0, error
        code, error = guarded.ask("create", pod_of(workload))
        assert code == 0, error


def test_the_deployer_makes_the_jobmanager_and_a_look_from_inside(guarded: Guarded) -> None:
    assert guarded.ask("create", job_of(guarded), "flink-deployer")[0] == 0
    for command, arguments in {
        "check": ["--state=sealed+file:///mnt/state/x/chk-1", "--allow-non-restored-state"],
        "verify": ["sealed+file:///mnt/state/savepoints/savepoint-0a1b2c-0"],
        "newest": [],
        "dispose": ["--keep=3"],
    }.items():
        look = pod_of_look(guarded.objects, command, arguments, seconds=900)
        assert guarded.ask("create", look.job, "flink-deployer") == (0, ""), command
        assert guarded.ask("create", pod_of(look.job)) == (0, ""), command


def test_a_new_digest_of_the_jobs_image_is_taken(guarded: Guarded) -> None:
    job = job_of(guarded)
    image = "registry.example.com/flight-delays@sha256:" + "ab" * 32
    job["spec"]["template"]["spec"]["containers"][0]["image"] = image
    assert guarded.ask("create", job, "flink-deployer")[0] == 0


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_job_of_the_deployer_that_is_none_of_the_jobs_is_refused(
    guarded: Guarded, attack: str
) -> None:
    code, error = guarded.ask("create", attacked(guarded, attack), "flink-deployer")
    assert code != 0, error
    assert ATTACKS[attack].refused in error, error


@pytest.mark.parametrize("kind", ["Pod", "CronJob", "StatefulSet", "Deployment", "ReplicaSet"])
def test_no_kind_gets_around_it_even_for_an_administrator(guarded: Guarded, kind: str) -> None:
    template = attacked(guarded, "a foreign image")["spec"]["template"]
    template["spec"].pop("restartPolicy")
    labels = template["metadata"]["labels"]
    content: dict[str, Any] = {
        "apiVersion": {"Pod": "v1", "CronJob": "batch/v1"}.get(kind, "apps/v1"),
        "kind": kind,
        "metadata": {"name": "a", "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": labels}, "template": template, "serviceName": "a"},
    }
    if kind == "Pod":
        content["spec"] = template["spec"]
    elif kind == "CronJob":
        template["spec"]["restartPolicy"] = "Never"
        content["spec"] = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}
    elif kind != "StatefulSet":
        content["spec"].pop("serviceName")
    code, error = guarded.ask("create", content)
    assert code != 0, error
    assert ATTACKS["a foreign image"].refused in error, error


def test_what_an_administrator_adds_is_let_in_and_what_he_takes_away_is_not(
    guarded: Guarded,
) -> None:
    job = job_of(guarded)
    volume = {"name": "more", "secret": {"secretName": "of-others"}}
    job["spec"]["template"]["spec"]["volumes"].append(volume)
    parameters = guarded.of("ConfigMap", "flink-admission")
    more = copy.deepcopy(parameters)
    more["data"]["secrets-of-flink-jobmanager"] += " of-others"
    for content, is_taken in ((more, True), (parameters, False)):
        guarded.node.kubectl.apply(content)
        end = time.monotonic() + PATIENCE
        while (guarded.ask("create", job, "flink-deployer")[0] == 0) is not is_taken:
            assert time.monotonic() < end, is_taken
            time.sleep(0.5)


def test_a_taskmanager_has_no_key_of_rest(guarded: Guarded) -> None:
    workers = guarded.of("StatefulSet", "flink-taskmanager")
    workers["metadata"]["name"] = "another"
    volume = {"name": "more", "secret": {"secretName": "flink-rest-tls"}}
    workers["spec"]["template"]["spec"]["volumes"].append(volume)
    code, error = guarded.ask("create", workers)
    assert code != 0, error
    assert "a volume is not among" in error, error


def test_the_deployer_changes_what_it_asks_for_by_no_way(guarded: Guarded) -> None:
    parameters = guarded.of("ConfigMap", "flink-admission")
    parameters["data"]["images-job"] = "registry.example.com/attacker"
    for verb in ("replace", "apply"):
        code, error = guarded.ask(verb, parameters, "flink-deployer")
        assert code != 0, error
        assert UNCHANGED in error, error
    for words in (
        ("delete", "configmap", "flink-admission", "--dry-run=server"),
        ("patch", "configmap", "flink-admission", '--patch={"data":{"x":"y"}}', "--dry-run=server"),
    ):
        code, error = guarded.command(*words, account="flink-deployer")
        assert code != 0, error
        assert UNCHANGED in error, error
    # Others are its own, and an administrator may.
    assert guarded.ask("replace", guarded.of("ConfigMap", "job-settings"), "flink-deployer")[0] == 0
    assert guarded.ask("replace", parameters)[0] == 0


def test_the_deployer_changes_no_policy(guarded: Guarded) -> None:
    for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        content = guarded.of(kind, f"flink-pods.{NAMESPACE}")
        code, error = guarded.ask("apply", content, "flink-deployer")
        assert code != 0, error
        assert "forbidden" in error.lower()


@pytest.fixture(scope="module")
def pods(guarded: Guarded) -> Guarded:
    """Two pods that are there, and that no node needs to take."""
    for kind, name, pod in (
        ("Job", "flink-jobmanager", "flink-jobmanager-a"),
        ("Deployment", "flink-deployer", "flink-deployer-a"),
    ):
        content = pod_of(guarded.of(kind, name), pod)
        content["spec"]["nodeSelector"] = {"no-node": "has-it"}
        guarded.node.kubectl.apply(content)
    return guarded


def test_no_container_is_put_into_a_pod_that_runs(pods: Guarded) -> None:
    found = json.loads(
        pods.node.kubectl("-n", NAMESPACE, "get", "pod", "flink-jobmanager-a", "--output=json")
    )
    first = found["spec"]["containers"][0]
    own = {"name": "e", "command": SHELL}
    own |= {field: first[field] for field in ("image", "securityContext")}
    patch = json.dumps({"spec": {"ephemeralContainers": [own]}})
    code, error = pods.command(
        "patch", "pod", "flink-jobmanager-a", "--subresource=ephemeralcontainers", f"-p={patch}"
    )
    assert code != 0, error
    assert "no container is put into a pod that runs" in error, error


def test_an_image_of_a_pod_that_runs_is_not_changed_but_its_labels_are(pods: Guarded) -> None:
    name = ("patch", "pod", "flink-jobmanager-a", "--dry-run=server")
    image = {"spec": {"containers": [{"name": "jobmanager", "image": "attacker@sha256:1"}]}}
    code, error = pods.command(*name, f"-p={json.dumps(image)}")
    assert code != 0, error
    assert ATTACKS["a foreign image"].refused in error, error
    assert pods.command(*name, '-p={"metadata":{"labels":{"a":"b"}}}')[0] == 0


def test_the_account_of_ci_gets_into_the_deployer_and_nowhere_else(pods: Guarded) -> None:
    # The pods run nowhere: whoever may get in is told so by the API server.
    code, error = pods.command("exec", "flink-deployer-a", "--", "true", account="flink-ci")
    assert code != 0, error
    assert "does not have a host assigned" in error, error
    code, error = pods.command("exec", "flink-jobmanager-a", "--", "true", account="flink-ci")
    assert code != 0, error
    assert "do not get into its pods" in error, error
    for words in (
        ("attach", "flink-deployer-a"),
        ("logs", "flink-deployer-a"),
        ("delete", "pod", "flink-deployer-a"),
        ("get", "secrets"),
        ("get", "configmaps"),
        ("get", "jobs"),
        ("create", "configmap", "x"),
    ):
        code, error = pods.command(*words, account="flink-ci")
        assert code != 0, words
        assert "forbidden" in error.lower(), words


@pytest.mark.parametrize("what", ["attach", "portforward", "ephemeralcontainers"])
def test_the_account_of_ci_has_no_other_way_into_pods(guarded: Guarded, what: str) -> None:
    for verb in ("get", "create", "update", "patch"):
        asked = ("auth", "can-i", verb, "pods", f"--subresource={what}")
        assert guarded.command(*asked, account="flink-ci")[0] != 0
    asked = ("auth", "can-i", "create", "pods", "--subresource=exec")
    assert guarded.command(*asked, account="flink-ci")[0] == 0


def test_accounts_of_the_namespace_do_not_get_into_its_pods_whatever_rbac_says(
    pods: Guarded,
) -> None:
    rights = ("--verb=get", "--verb=create", "--resource=pods", "--resource=pods/exec")
    pods.node.kubectl("-n", NAMESPACE, "create", "role", "too-much", *rights)
    bound = ("--role=too-much", f"--serviceaccount={NAMESPACE}:flink-jobmanager")
    pods.node.kubectl("-n", NAMESPACE, "create", "rolebinding", "too-much", *bound)
    for pod in ("flink-deployer-a", "flink-jobmanager-a"):
        code, error = pods.command("exec", pod, "--", "true", account="flink-jobmanager")
        assert code != 0, error
        assert "do not get into its pods" in error, error
