# SPDX-License-Identifier: Apache-2.0
"""A look from within the cluster: a Kubernetes Job beside the running one, read and removed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.deploy.check_job import LookPod, pod_of_look
from flinksec_jobs.deploy.kube_errors import KubeError
from flinksec_jobs.deploy.outside import (
    ApiServer,
    InsideReport,
    KubeObject,
    StateFound,
)
from flinksec_jobs.deploy.own_objects import CHECK_COPY, CHECK_JOB
from flinksec_jobs.errors import DeployError, SealedStateError
from flinksec_jobs.findings import Finding
from flinksec_jobs.job_check.operator_comparison import DOES_NOT_FIT, DROPPED
from flinksec_jobs.settings.cluster_names import JOBMANAGER

_CANNOT_PULL = {"ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}
_CANNOT_START = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
_LINES = 200
_TO_END = 60  # seconds, in which Kubernetes itself ends a look that is too long
_DROPPED = DROPPED.id
# How the ids of findings about files of state begin, and ids of what does not fit a program. What
# is about the directory alone keeps nothing from going on.
_OF_FILES = ("state-file-", "state-key-", "state-metadata-", "state-handle-")
_OF_STATE = (*_OF_FILES, *(kind.id for kind in DOES_NOT_FIT))


@dataclass(frozen=True)
class LookTimes:
    """How long a look may take, in seconds, and the clock of it.

    Attributes:
        whole: all of it; then Kubernetes ends it.
        to_start: until its pod has been made and has a node.
        often: between two questions.
        clock: seconds that never go back.
        sleep: waits for some seconds.
    """

    whole: int = 900
    to_start: float = 120.0
    often: float = 1.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def within(cls, seconds: int) -> LookTimes:
        """Return those of a command that waits no longer than this for one thing."""
        return cls(whole=seconds, to_start=min(cls.to_start, seconds))


@contextmanager
def _understood() -> Iterator[None]:
    """Tell of an answer that lacks something as an error: another version has given it."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DeployError(
            f"the answer of the look from inside is not understood: {type(error).__name__} {error}",
            hint="the image must have this version of flinksec-jobs, or a newer one",
        ) from error


class ClusterInside:
    """Looks from within the cluster, one at a time.

    Args:
        api: the API server.
        times: how long a look may take.
    """

    def __init__(self, api: ApiServer, times: LookTimes | None = None) -> None:
        self._api = api
        self._times = times or LookTimes()

    def check(self, objects: Sequence[KubeObject], *, state: str | None) -> InsideReport:
        """Look whether a version can run, and go on from a checkpoint or savepoint.

        Raises:
            DeployError: it could not be looked.
        """
        given = [f"--state={state}"] if state else []
        told = self._ask(objects, "check", given)
        with _understood():
            found = [Finding.of_dict(one) for one in told["findings"]]
            refused = [] if told.get("error") is None else [_sentence(told["error"])]
            operators = told.get("operators") or {"dropped": [], "new": []}
            problems = [one for one in found if one.severity == "problem" and one.id != _DROPPED]
            return InsideReport(
                problems=refused + [f"{one}; {one.fix}" for one in problems],
                unreadable=[str(one) for one in problems if one.id.startswith(_OF_STATE)],
                warnings=[f"{one}; {one.fix}" for one in found if one.severity == "warning"],
                dropped=[_operator(one) for one in operators["dropped"]],
                added=[_operator(one) for one in operators["new"]],
            )

    def verify(self, objects: Sequence[KubeObject], savepoint: str) -> StateFound:
        """Open a savepoint or checkpoint with the keys of a version.

        Raises:
            SealedStateError: it is not whole, or cannot be opened.
            DeployError: it could not be looked.
        """
        told = self.verified(objects, savepoint)
        with _understood():
            return _state(told)

    def verified(
        self, objects: Sequence[KubeObject], savepoint: str, manifest: str | None = None
    ) -> Mapping[str, Any]:
        """Do the same, compare with a manifest, and return all that was seen, its manifest too.

        Args:
            objects: of a version.
            savepoint: as Flink names it.
            manifest: JSON that an earlier look has told.

        Raises:
            SealedStateError: it is not whole, cannot be opened, or is not that of the manifest.
            DeployError: it could not be looked.
        """
        given = [f"--manifest-json={manifest}"] if manifest else []
        told = self._ask(objects, "verify", [*given, savepoint])
        with _understood():
            if not told["well"]:
                raise _refusal(told)
        return told

    def newest(self, objects: Sequence[KubeObject]) -> Sequence[StateFound]:
        """Return the checkpoints and savepoints that can be gone on from, best first.

        The first is the one that the job would go on from by itself. Where its own rule is not
        clear there is none: whoever knows better names one.

        Raises:
            SealedStateError: the rule refuses; the message says why.
            DeployError: it could not be looked.
        """
        told = self._ask(objects, "newest", [])
        with _understood():
            if told.get("error") is not None or told.get("refused") is not None:
                raise _refusal(told)
            whole = [one for one in told["snapshots"] if one["whole"]]
            chosen = [one for one in whole if one["uri"] == told["choice"]]
            if told["choice"] is not None and not chosen:
                raise SealedStateError(
                    f"the job would go on from {told['choice']}, which is not whole",
                    hint=_whole_ones(whole),
                )
            rest = [one for one in whole if one not in chosen]
            return [_state(one) for one in [*chosen, *rest]]

    def dispose(
        self,
        objects: Sequence[KubeObject],
        *,
        keep: int | None,
        max_age_days: int | None,
        needed: Sequence[str] = (),
        job_ids: Sequence[str] = (),
    ) -> Mapping[str, Any]:
        """Remove old savepoints, and return what became of each.

        Args:
            objects: of the version that runs.
            keep: how many stay.
            max_age_days: older ones go.
            needed: savepoints that stay whatever.
            job_ids: Flink's ids of earlier starts of the job.

        Raises:
            SealedStateError: one cannot be removed.
            DeployError: it could not be looked.
        """
        given = [] if keep is None else [f"--keep={keep}"]
        given += [] if max_age_days is None else [f"--max-age={max_age_days}"]
        given += [f"--needed={one}" for one in needed] + [f"--job-id={one}" for one in job_ids]
        told = self._ask(objects, "dispose", given)
        with _understood():
            if told.get("error") is not None:
                raise _refusal(told)
        return told

    def _ask(
        self, objects: Sequence[KubeObject], command: str, arguments: Sequence[str]
    ) -> dict[str, Any]:
        look = pod_of_look(objects, command, arguments, seconds=self._times.whole)
        self._remove()
        try:
            self._api.apply(look.copy)
            made = self._api.create(look.job)
            return self._answer(look, str(made["metadata"]["uid"]))
        finally:
            self._leave()

    def _leave(self) -> None:
        """Remove the look; what cannot be removed now is removed by Kubernetes, or the next one."""
        for what in (CHECK_JOB, CHECK_COPY):
            try:
                self._api.delete(what)
            except KubeError:
                continue

    def _remove(self) -> None:
        """Remove what an earlier look has left: it was killed."""
        self._api.delete(CHECK_JOB)
        end = self._times.clock() + self._times.to_start
        while self._api.get(CHECK_JOB) is not None:
            if self._times.clock() > end:
                raise DeployError(
                    f"the Job {CHECK_JOB.name} of an earlier look does not go",
                    hint=f"look why: kubectl describe job {CHECK_JOB.name}",
                )
            self._times.sleep(self._times.often)

    def _answer(self, look: LookPod, uid: str) -> dict[str, Any]:
        begun = self._times.clock()
        while True:
            pod = self._pod(uid)
            phase = (pod or {}).get("status", {}).get("phase")
            if pod is not None and phase in {"Succeeded", "Failed"}:
                return self._told(pod, look)
            job = self._api.get(CHECK_JOB)
            self._refuse_ended(job, look)
            waited = self._times.clock() - begun
            if pod is None and waited > self._times.to_start:
                raise DeployError(
                    f"Kubernetes makes no pod for the Job {CHECK_JOB.name}",
                    hint="a quota, Pod Security or an admission policy refuses it; `kubectl "
                    f"describe job {CHECK_JOB.name}` says which",
                )
            if pod is not None:
                _refuse_stuck(pod, look.image, may_wait=waited < self._times.to_start)
            if waited > self._times.whole + _TO_END:
                raise self._too_long(look)
            self._times.sleep(self._times.often)

    def _pod(self, uid: str) -> KubeObject | None:
        labels = {"batch.kubernetes.io/controller-uid": uid}
        return next(iter(self._api.list("v1", "Pod", labels)), None)

    def _refuse_ended(self, job: KubeObject | None, look: LookPod) -> None:
        if job is None:
            raise DeployError(
                f"somebody has removed the Job {CHECK_JOB.name} while it looked",
                hint="run the command again",
            )
        for one in (job.get("status") or {}).get("conditions") or ():
            if one.get("type") == "Failed" and one.get("reason") == "DeadlineExceeded":
                raise self._too_long(look)

    def _too_long(self, look: LookPod) -> DeployError:
        return DeployError(
            f"the look from inside did not end in {self._times.whole} s",
            hint="a volume that is not mounted (does every Secret exist?), a server that never "
            "answers, or very much state, for which --timeout is to be longer; `kubectl describe "
            f"pod -l job-name={CHECK_JOB.name}` while it runs says more; image: {look.image}",
        )

    def _told(self, pod: KubeObject, look: LookPod) -> dict[str, Any]:
        name = str(pod["metadata"]["name"])
        state = _terminated(pod)
        if state.get("reason") == "OOMKilled":
            raise DeployError(
                "the look from inside ran out of memory",
                hint=f"raise the memory limit of the container of {JOBMANAGER}: the look has "
                "the same",
            )
        text = self._api.logs(name, container=_container_name(look.job), lines=_LINES)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        for line in reversed(lines):
            if (told := _as_answer(line)) is not None:
                return told
        errors = [line for line in lines if line.startswith(("error: ", "Error: "))] or lines[-1:]
        said = errors[-1].partition(": ")[2] or errors[-1] if errors else "it wrote nothing"
        raise DeployError(
            f"the look from inside ended with {state.get('exitCode', 'no exit code')}: {said}",
            hint="the image must have this version of flinksec-jobs, or a newer one",
        )


def _as_answer(line: str) -> dict[str, Any] | None:
    if not line.startswith('{"well"'):
        return None
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _refuse_stuck(pod: KubeObject, image: str, *, may_wait: bool) -> None:
    status = pod.get("status") or {}
    listed = [*(status.get("initContainerStatuses") or ())]
    for one in [*listed, *(status.get("containerStatuses") or ())]:
        waiting = (one.get("state") or {}).get("waiting") or {}
        said = f"{waiting.get('reason')}: {waiting.get('message') or 'no message'}"
        if waiting.get("reason") in _CANNOT_PULL:
            raise DeployError(
                f"the image {one.get('image') or image} cannot be pulled ({said})",
                hint="push it, correct its name or digest, or give the namespace its pull secret",
            )
        if waiting.get("reason") in _CANNOT_START:
            raise DeployError(
                f"the container of the look from inside cannot start ({said})",
                hint="a Secret, a ConfigMap or a key of one that the pod names is missing",
            )
    for one in status.get("conditions") or ():
        unscheduled = one.get("type") == "PodScheduled" and one.get("reason") == "Unschedulable"
        if unscheduled and not may_wait:
            raise DeployError(
                f"no node takes the pod of the look from inside: {one.get('message')}",
                hint="it needs the memory of a JobManager beside the running one, for a moment",
            )


def _terminated(pod: KubeObject) -> dict[str, Any]:
    for one in (pod.get("status") or {}).get("containerStatuses") or ():
        if found := (one.get("state") or {}).get("terminated"):
            return dict(found)
    return {}


def _container_name(job: KubeObject) -> str:
    containers = job["spec"]["template"]["spec"]["containers"]
    names = [str(one["name"]) for one in containers]
    return "jobmanager" if "jobmanager" in names else names[0]


def _operator(told: Mapping[str, Any]) -> str:
    uid = f" (uid {told['uid']})" if told.get("uid") else f" (id {told['id']})"
    size = f", {told['bytes']} bytes" if "bytes" in told else ""
    return f"{told['name'] or 'an operator without a name'}{uid}{size}"


def _sentence(told: Mapping[str, Any]) -> str:
    return f"{told['message']}; {told['hint']}" if told.get("hint") else str(told["message"])


def _refusal(told: Mapping[str, Any]) -> SealedStateError:
    """Return the worst that a look has told."""
    refused = told.get("error") or told.get("refused")
    if refused is not None:
        return SealedStateError(str(refused["message"]), hint=refused.get("hint"))
    found = sorted(Finding.of_dict(one) for one in told["findings"])
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return SealedStateError(f"{found[0]}{more}", hint=found[0].fix, findings=found)


def _whole_ones(whole: Sequence[Mapping[str, Any]]) -> str:
    if not whole:
        return "none of its checkpoints and savepoints is whole"
    return f"put it back from a copy, or name an older one: --from-savepoint {whole[0]['uri']}"


def _state(told: Mapping[str, Any]) -> StateFound:
    uri = str(told["uri"])
    parts = uri.rstrip("/").split("/")
    is_savepoint = not parts[-1].startswith("chk-")
    by_name = parts[-1].split("-")[1] if parts[-1].startswith("savepoint-") else ""
    return StateFound(
        path=uri,
        is_savepoint=is_savepoint,
        number=int(told["number"]),
        job_id=by_name if is_savepoint else parts[-2],
        at=int(told["created_at_ms"] or 0),
        size=int(told["bytes"] or 0),
    )
