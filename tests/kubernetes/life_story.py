# SPDX-License-Identifier: Apache-2.0
"""What operators do to the flight job while it runs, one chapter after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flinksec_jobs.sealed import KeyRing, SealedFileError, open_sealed
from tests.kubernetes import versions
from tests.kubernetes.deployment import JOB_IMAGE, Deployment
from tests.kubernetes.life import STEADY, Operators
from tests.kubernetes.node.node import Node
from tests.kubernetes.overlay import NAMESPACE

_JOBMANAGERS = "app.kubernetes.io/component=jobmanager"
_TASKMANAGERS = "app.kubernetes.io/component=taskmanager"


def _other_verification(settings: str) -> str:
    section = "[elasticsearch]\n"
    assert section in settings
    changed = settings.replace(section, f'{section}verification = "certificate"\n')
    # Two failures are enough to end it, in a later chapter.
    return changed.replace("[cluster]\n", "[cluster]\nrestart_attempts = 1\n")


class LifeTeller:
    """Tells what happens.

    Args:
        node: the cluster.
        rendered: what is deployed.
        operators: who does it.
    """

    def __init__(self, node: Node, rendered: Deployment, operators: Operators) -> None:
        self._node = node
        self._kubectl = node.kubectl
        self._rendered = rendered
        self._operators = operators
        self._life = operators.life

    def tell(self, minikube: Callable[[], object]) -> None:
        """All of it, from a job that runs to one that runs.

        Args:
            minikube: waits for what else is deployed, which would miss the API server.
        """
        self._savepoint()
        self._refused()
        self._upgrade()
        self._crash()
        self._restart()
        self._rescale()
        self._by_hand()
        self._recover()
        minikube()
        self._api_server_away()

    def _savepoint(self) -> None:
        for number in range(3):
            self._operators.inside(f"savepoint {number}", "savepoint", "--keep=2")
        command = ("create", "job", "scheduled", "--from=cronjob/flink-savepoints")
        self._kubectl("-n", NAMESPACE, *command)
        conditions = self._kubectl.wait_for("the scheduled one ends", self._scheduled, seconds=300)
        self._life.notes["scheduled"] = conditions

    def _scheduled(self) -> list[str]:
        job = self._kubectl.get("-n", NAMESPACE, "job", "scheduled")
        conditions = job["status"].get("conditions", [])
        ended = [one["type"] for one in conditions if one["status"] == "True"]
        return ended if {"Complete", "Failed"} & set(ended) else []

    def _refused(self) -> None:
        """A version that would lose state, and an image that is not there."""
        before = self._operators.look("before refusals")
        drops = self._operators.version("drops", versions.DROPS.image)
        self._operators.inside("drops state", "upgrade", "-", STEADY, objects=drops)
        missing = self._operators.version("missing", JOB_IMAGE.replace("latest", "missing"))
        self._operators.inside("no such image", "upgrade", "-", STEADY, objects=missing)
        after = self._operators.look("after refusals")
        self._life.notes["the same job runs"] = before["job_id"] == after["job_id"]

    def _upgrade(self) -> None:
        """The command is killed, the JobManager is lost while it stops, the API server is away."""
        better = self._operators.version("better", versions.BETTER.image)
        with self._operators.begun("upgrade", str(better), STEADY) as command:
            self._until_phase("stopping")
            self._lose_the_jobmanager()
            command.kill()
        self._operators.inside("upgrade", "upgrade", "-", STEADY, objects=better)
        if self._operators.record()["current"]["revision"] == 1:
            # The stop had come to nothing, and the job runs on: once more.
            self._operators.inside("upgrade", "upgrade", "-", STEADY, objects=better)
        self._operators.look("upgraded")

    def _crash(self) -> None:
        crashes = self._operators.version("crashes", versions.CRASHES.image)
        self._operators.inside("crashes", "upgrade", "-", STEADY, objects=crashes)
        self._operators.look("rolled back")

    def _restart(self) -> None:
        self._life.notes["plan before"] = self._verification()
        changed = self._operators.version("changed", versions.BETTER.image, _other_verification)
        self._operators.outside("restart", "restart", str(changed), STEADY)
        self._operators.look("restarted")
        self._life.notes["plan after"] = self._verification()

    def _rescale(self) -> None:
        self._operators.outside("fewer", "rescale", "1")
        self._operators.look("fewer")
        self._operators.outside("more", "rescale", "2")
        self._operators.look("more")

    def _by_hand(self) -> None:
        """As one would without any of it: all is deleted and applied again."""
        job = self._kubectl.get("-n", NAMESPACE, "job", "flink-jobmanager")
        job.pop("status")
        metadata = job["metadata"]
        kept = {key: metadata[key] for key in ("name", "namespace", "annotations")}
        labels = {
            key: value
            for key, value in metadata["labels"].items()
            if not key.endswith(("controller-uid", "job-name"))
        }
        job["metadata"] = kept | {"labels": labels}
        job["spec"].pop("selector", None)
        template = job["spec"]["template"]["metadata"]["labels"]
        for key in [one for one in template if one.endswith(("controller-uid", "job-name"))]:
            template.pop(key)
        began = time.monotonic()
        self._kubectl("-n", NAMESPACE, "delete", "job", "flink-jobmanager", "--cascade=foreground")
        self._kubectl("-n", NAMESPACE, "delete", "pod", f"--selector={_TASKMANAGERS}")
        self._kubectl.apply(job)
        self._operators.wait_for("the job runs again", _runs)
        self._life.notes["stood still by hand"] = time.monotonic() - began
        self._operators.look("by hand")

    def _recover(self) -> None:
        """It fails for good, and is taken up from its newest checkpoint."""
        for number in range(2):
            self._operators.wait_for("a checkpoint is complete", _has_checkpoint)
            for name in ("flink-taskmanager-0", "flink-taskmanager-1"):
                command = ("delete", "pod", name, "--grace-period=0", "--force")
                self._kubectl.attempt("-n", NAMESPACE, *command)
            if number == 0:
                self._operators.wait_for(
                    "it runs again", lambda now: _runs(now) and now["restarts"]
                )
        self._kubectl.wait_for("it has failed for good", self._has_failed, seconds=600, every=2)
        failed = self._operators.outside("status failed", "status").told
        self._life.status["failed"] = failed
        self._operators.outside("recover", "recover", "--yes", STEADY)
        self._operators.look("recovered")

    def _api_server_away(self) -> None:
        """It hangs and then is gone, while the settings of before come back."""
        as_before = self._operators.version("as before", versions.BETTER.image)
        with self._operators.begun("restart", str(as_before), STEADY) as command:
            began = "the record says what begins"  # behind a look from inside, on a busy node
            self._kubectl.wait_for(began, self._is_pending, seconds=600, every=0.2)
            self._node.take_api_server_away(hangs=15, gone=10)
            self._operators.finished("restart without API server", command)
        self._operators.look("as before")
        self._life.notes["plan as before"] = self._verification()
        self._life.notes["history"] = self._operators.record()["history"]

    def _is_pending(self) -> bool:
        return bool(self._operators.record().get("pending"))

    def _has_failed(self) -> bool:
        job = self._kubectl.get("-n", NAMESPACE, "job", "flink-jobmanager")
        conditions = job["status"].get("conditions", [])
        return any(one["type"] == "Failed" and one["status"] == "True" for one in conditions)

    def _until_phase(self, phase: str) -> None:
        def is_there() -> bool:
            pending = self._operators.record().get("pending")
            return bool(pending and pending["phase"] == phase)

        self._kubectl.wait_for(f"the record says {phase}", is_there, seconds=300, every=0.2)

    def _lose_the_jobmanager(self) -> None:
        command = ("delete", "pod", f"--selector={_JOBMANAGERS}", "--grace-period=0", "--force")
        self._kubectl("-n", NAMESPACE, *command)

    def _verification(self) -> dict[str, bool]:
        """How the sinks of the stored plan verify Elasticsearch's certificate."""
        ring = KeyRing.open(self._rendered.handed / "state-keys")
        found: dict[str, bool] = {}
        for path in self._plans():
            try:
                with open_sealed(path, ring) as file:
                    plan = file.read()
            except (SealedFileError, FileNotFoundError):
                continue
            after = plan.partition(b"org.flinksec.tls.Verification")[2][:200]
            found |= {name: name.encode() in after for name in ("FULL", "CERTIFICATE")}
        return found

    def _plans(self) -> list[Any]:
        directory = self._rendered.volume.behind / "high-availability"
        found = [path for path in directory.rglob("*") if "xecutionPlan" in path.name]
        return sorted(found, key=lambda path: path.stat().st_mtime)


def _runs(status: dict[str, Any]) -> bool:
    return status["state"] == "RUNNING" and not any(
        one["id"] == "job-not-running" for one in status["findings"]
    )


def _has_checkpoint(status: dict[str, Any]) -> bool:
    checkpoints = status["checkpoints"]
    last, restored = checkpoints["last"], checkpoints["restored"]
    return _runs(status) and bool(last and (not restored or last["id"] > restored["id"]))
