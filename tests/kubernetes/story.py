# SPDX-License-Identifier: Apache-2.0
"""What happens to the flight job on the node, in one go; the tests ask about it afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flinksec_jobs.demo.evidence import Evidence
from tests.faults.rules import Rule
from tests.kubernetes.deployment import JOB_IMAGE, ROWS, Deployment
from tests.kubernetes.life import STEADY, Life, Operators
from tests.kubernetes.life_story import LifeTeller
from tests.kubernetes.node.node import Node
from tests.kubernetes.outside import Outside
from tests.kubernetes.overlay import NAMESPACE
from tests.kubernetes.pods import Watched
from tests.kubernetes.proxy import Visitor

JOBMANAGER = "app.kubernetes.io/component=jobmanager"
# What the volume does wrong: a full one says so when a file is closed, or at once.
FAULTS = {
    "full at close": Rule("flush", "/*/chk-*/*", error="ENOSPC"),
    "full": Rule("write", "/*/chk-*/*", error="ENOSPC"),
}
# So slow that the job lasts until it is let go.
_BYTES_A_SECOND = 8_000
_PATIENCE = 900
# Run in the pod of the deployer, the only one that may ask.
_ASK = """
import ssl, sys, urllib.request
own = "/etc/flinksec/tls/rest-client/"
context = ssl.create_default_context(cafile=own + "ca.crt")
context.load_cert_chain(own + "tls.crt", own + "tls.key")
url = "https://flink-jobmanager:8081" + sys.argv[1]
print(urllib.request.urlopen(url, timeout=20, context=context).read().decode())
"""


@dataclass
class Story:
    """What was seen.

    Attributes:
        pods: logs and states of all of them.
        evidence: the files that were on the volume.
        jobmanagers: the names of the pods that were JobManager, in order.
        failed: for each fault, how many checkpoints failed while the volume had it.
        rest: what REST told the deployer of the job.
        proxied: what the proxy answered to whom, and how.
        config_maps: those of high availability while the job ran, as they were stored.
        failed_pods: of the Job, after pods were killed and evicted.
        job_id: Flink's id of its first start.
        life: what operators did to it.
        status: of the Job at its end.
        figures: the checks of what it wrote.
    """

    pods: Watched
    evidence: Evidence
    jobmanagers: list[str] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)
    proxied: dict[str, tuple[int, Any]] = field(default_factory=dict)
    config_maps: dict[str, str] = field(default_factory=dict)
    failed_pods: int = -1
    job_id: str = ""
    life: Life = field(default_factory=Life)
    status: dict[str, Any] = field(default_factory=dict)
    figures: list[dict[str, object]] = field(default_factory=list)


def tell(
    node: Node,
    outside: Outside,
    rendered: Deployment,
    work: Path,
    minikube: Callable[[], object],
) -> Story:
    """Run the job from its start to its end; `minikube` waits for what else is deployed."""
    kept = Evidence(rendered.volume.behind, work / "evidence", seen_as=Path("/mnt/state"))
    with Watched(node, NAMESPACE, work / "pods") as pods, kept as evidence:
        operators = Operators(node, rendered, work, partial(outside.figures, ROWS))
        story = Story(pods, evidence, life=operators.life)
        teller = _Teller(node, rendered, story, operators)
        outside.limit_reading(_BYTES_A_SECOND)
        try:
            teller.begin()
            teller.visit()
            teller.spoil_the_volume()
            teller.kill_pods()
            LifeTeller(node, rendered, operators).tell(minikube)
        finally:
            outside.limit_reading(0)
        story.status = teller.end()
        story.figures = outside.figures(ROWS)
    return story


class _Teller:
    def __init__(
        self, node: Node, rendered: Deployment, story: Story, operators: Operators
    ) -> None:
        self._node = node
        self._kubectl = node.kubectl
        self._rendered = rendered
        self._story = story
        self._operators = operators

    def begin(self) -> None:
        first = str(self._operators.version("first"))
        said = self._operators.outside("deploy", "deploy", first, STEADY)
        assert said.code == 0, said
        self._story.job_id = str(self._operators.look("deployed")["job_id"])
        self._wait_for_jobmanager()
        self._wait_for_checkpoint()
        self._story.rest = self._ask("/jobs/overview")["jobs"][0]
        for each in self._kubectl.get("-n", NAMESPACE, "configmaps")["items"]:
            if each["metadata"]["name"].startswith("flink-") and "data" in each:
                self._story.config_maps[each["metadata"]["name"]] = json.dumps(each)

    def visit(self) -> None:
        """Ask through the proxy, as a browser does and as it must not."""
        visitor = Visitor(self._node, self._rendered.proxy, JOB_IMAGE)
        visitor.wait()
        password = self._rendered.proxy.password
        jobs, job = "/jobs/overview", f"/jobs/{self._story.job_id}"
        self._story.proxied = {
            "password": visitor.ask(jobs, password),
            "no password": visitor.ask(jobs, None),
            "wrong password": visitor.ask(jobs, "guessed"),
            "cancel": visitor.ask(job, password, method="PATCH"),
            "cancel by GET": visitor.ask(f"{job}/yarn-cancel", password),
            "configuration": visitor.ask("/jobmanager/config", password),
        }

    def spoil_the_volume(self) -> None:
        for name, rule in FAULTS.items():
            before = self._failed_checkpoints()
            self._rendered.volume.fail(rule)
            self._wait_for_failed_checkpoint(name, before)
            self._rendered.volume.heal()
            self._story.failed[name] = self._failed_checkpoints() - before
            self._wait_for_checkpoint()

    def kill_pods(self) -> None:
        """A TaskManager is lost; then the JobManager goes, as when its node is drained."""
        self._kubectl(
            *("-n", NAMESPACE, "delete", "pod", "flink-taskmanager-1"),
            *("--grace-period=0", "--force"),
        )
        self._wait_for_checkpoint()
        # Its budget lets one TaskManager go; that it can be lost has been seen.
        self._evict("flink-taskmanager-0", only_asked=True)
        self._evict(self._story.jobmanagers[-1])
        self._wait_for_jobmanager()
        self._wait_for_checkpoint()
        job = self._kubectl.get("-n", NAMESPACE, "job", "flink-jobmanager")
        self._story.failed_pods = job["status"].get("failed", 0)

    def end(self) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            job = self._kubectl.get("-n", NAMESPACE, "job", "flink-jobmanager")
            over = {"Complete", "Failed"}
            conditions = job["status"].get("conditions", [])
            return job["status"] if over & {each["type"] for each in conditions} else None

        found: dict[str, Any] = self._kubectl.wait_for(
            "the Job has ended", ended, seconds=900, every=2
        )
        return found

    def _evict(self, pod: str, *, only_asked: bool = False) -> None:
        """As `kubectl drain` does."""
        eviction: dict[str, Any] = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": NAMESPACE},
        }
        if only_asked:
            eviction["deleteOptions"] = {"dryRun": ["All"]}
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}/eviction"
        self._kubectl("create", "--raw", path, "--filename=-", input=json.dumps(eviction))

    def _wait_for_jobmanager(self) -> None:
        """Wait until one runs that did not before."""

        def running() -> str:
            pods = self._kubectl.get("-n", NAMESPACE, "pods", f"--selector={JOBMANAGER}")["items"]
            names = [
                pod["metadata"]["name"]
                for pod in pods
                if pod["status"]["phase"] == "Running"
                and "deletionTimestamp" not in pod["metadata"]
                and pod["metadata"]["name"] not in self._story.jobmanagers
            ]
            return str(names[0]) if names else ""

        name = self._kubectl.wait_for("a JobManager runs", running, seconds=_PATIENCE, every=3)
        self._story.jobmanagers.append(name)

    def _wait_for_checkpoint(self) -> None:
        """Wait until one more is complete than there are now."""
        before = self._last_checkpoint()
        self._kubectl.wait_for(
            f"a checkpoint after {before} is complete",
            lambda: self._last_checkpoint() > before,
            seconds=_PATIENCE,
            every=1,
        )

    def _wait_for_failed_checkpoint(self, fault: str, before: int) -> None:
        self._kubectl.wait_for(
            f"a checkpoint fails on a volume that is {fault}",
            lambda: self._failed_checkpoints() > before,
            seconds=_PATIENCE,
            every=2,
        )

    def _last_checkpoint(self) -> int:
        found = self._rendered.volume.behind.glob("*/*/chk-*/_metadata")
        return max((int(path.parent.name.removeprefix("chk-")) for path in found), default=0)

    def _failed_checkpoints(self) -> int:
        counts = self._ask(f"/jobs/{self._story.job_id}/checkpoints")["counts"]
        return int(counts["failed"])

    def _ask(self, path: str) -> dict[str, Any]:
        """What REST says to the deployer."""
        command = ("exec", "deployment/flink-deployer", "--", "/opt/flinksec/bin/python")
        said = self._kubectl("-n", NAMESPACE, *command, "-c", _ASK, path)
        answer: dict[str, Any] = json.loads(said)
        return answer
