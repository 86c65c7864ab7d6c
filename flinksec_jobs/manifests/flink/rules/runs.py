# SPDX-License-Identifier: Apache-2.0
"""How Flink's processes end, restart, and find each other again."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.manifests.flink.flink_processes import FlinkProcess, job_id, processes
from flinksec_jobs.manifests.flink.operator_resources import is_session_job
from flinksec_jobs.manifests.kube.objects import Manifests, Place, dig, mapping, sequence, text
from flinksec_jobs.manifests.kube.quantities import amount
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.settings.flink_options import effective, flink_options
from flinksec_jobs.settings.sizes import size_bytes

_FAILED = 163
_STORAGE = flink_options()["high-availability.storageDir"]


def _of(manifests: Manifests, role: str) -> Iterator[FlinkProcess]:
    return (process for process in processes(manifests) if process.role == role)


def _highly_available(process: FlinkProcess) -> bool:
    return process.high_availability == "kubernetes"


def _known(process: FlinkProcess) -> bool:
    """Whether its configuration is there and can be read."""
    return process.config is not None and process.is_known


@rule(
    "flink-session",
    why="a session cluster runs what anyone submits who reaches it, all in the same processes",
    fix="run one job in application mode: flinksec cluster jobmanager, or standalone-job",
)
def _session(manifests: Manifests) -> Iterator[Place]:
    for process in _of(manifests, "jobmanager"):
        if not process.is_application:
            yield process.container.at("args")
    for entry in filter(is_session_job, manifests.objects):
        yield entry.at("spec.deploymentName", text(entry.spec.get("deploymentName")))


@rule(
    "flink-workload",
    why="it restarts what has ended: after stop-with-savepoint the job starts from nothing",
    fix="make the JobManager a batch/v1 Job",
)
def _workload(manifests: Manifests) -> Iterator[Place]:
    for process in _of(manifests, "jobmanager"):
        if process.pod.owner.kind not in {"Job", "Pod", "FlinkDeployment"}:
            yield process.pod.owner.at("kind", process.pod.owner.kind)


@rule(
    "flink-failed-restart",
    why="a job that FAILED for good (exit code 163) has removed what it would go on from, and is "
    "started again from nothing",
    fix="add to podFailurePolicy: FailJob on exit code 163 of the JobManager's container",
)
def _failed_restart(manifests: Manifests) -> Iterator[Place]:
    for process in _of(manifests, "jobmanager"):
        entries = sequence(dig(process.pod.owner.spec, "podFailurePolicy.rules"))
        codes = [mapping(mapping(entry).get("onExitCodes")) for entry in entries
                 if mapping(entry).get("action") == "FailJob"]  # fmt: skip
        handled = any(
            _FAILED in sequence(code.get("values")) and code.get("operator") == "In"
            and code.get("containerName") in {None, process.container.name}
            for code in codes
        )  # fmt: skip
        if process.pod.owner.kind == "Job" and not handled:
            yield process.pod.owner.at("spec.podFailurePolicy")


@rule(
    "flink-disruption",
    why="a drained node counts as a failure of the job, and enough of them end it",
    fix="add to podFailurePolicy: Ignore on the pod condition DisruptionTarget",
)
def _disruption(manifests: Manifests) -> Iterator[Place]:
    for process in _of(manifests, "jobmanager"):
        conditions = [
            mapping(condition).get("type")
            for entry in sequence(dig(process.pod.owner.spec, "podFailurePolicy.rules"))
            if mapping(entry).get("action") == "Ignore"
            for condition in sequence(mapping(entry).get("onPodConditions"))
        ]
        if process.pod.owner.kind == "Job" and "DisruptionTarget" not in conditions:
            yield process.pod.owner.at("spec.podFailurePolicy")


@rule(
    "flink-two-jobmanagers",
    why="two JobManagers run the job's program at the same time",
    fix="one replica, and podReplacementPolicy: Failed",
)
def _two_jobmanagers(manifests: Manifests) -> Iterator[Place]:
    for process in _of(manifests, "jobmanager"):
        owner = process.pod.owner
        field = "parallelism" if owner.kind == "Job" else "replicas"
        if owner.spec.get(field, 1) not in {0, 1}:
            yield owner.at(f"spec.{field}", text(owner.spec.get(field)))
        waits = owner.spec.get("podReplacementPolicy") == "Failed"
        if owner.kind == "Job" and not waits and "podFailurePolicy" not in owner.spec:
            yield owner.at("spec.podReplacementPolicy")


@rule(
    "flink-high-availability",
    why="a JobManager that is restarted does not find its job, nor the last checkpoint",
    fix="set high-availability.type: kubernetes, and high-availability.storageDir",
)
def _high_availability(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        if _known(process) and process.high_availability == "none":
            yield process.at("high-availability.type", "NONE or missing")
        elif _known(process) and not effective(process.options, _STORAGE):
            yield process.at("high-availability.storageDir", "missing")


@rule(
    "flink-ha-namespace",
    why="the ConfigMaps of high availability go to another namespace: the default is `default`",
    fix="set kubernetes.namespace to the namespace of the job",
)
def _ha_namespace(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        given = process.options.get("kubernetes.namespace", "default")
        if _known(process) and _highly_available(process) and given != process.pod.owner.namespace:
            yield process.at("kubernetes.namespace", given)


@rule(
    "flink-ha-cluster-id",
    why="clusters that share a volume also share job results and blobs, and mistake each other's",
    fix="set kubernetes.cluster-id, and high-availability.cluster-id to the same",
)
def _ha_cluster_id(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        if _known(process) and _highly_available(process):
            for option in ("kubernetes.cluster-id", "high-availability.cluster-id"):
                if not process.options.get(option):
                    yield process.at(option, "missing")


@rule(
    "flink-job-results",
    why="Flink forgets that the job has ended, and a JobManager that is replaced just then runs it "
    "again from nothing",
    fix="set job-result-store.delete-on-commit: false",
)
def _job_results(manifests: Manifests) -> Iterator[Place]:
    for process in _of(manifests, "jobmanager"):
        given = process.options.get("job-result-store.delete-on-commit", "True")
        if _known(process) and process.high_availability != "none" and given.lower() != "false":
            yield process.at("job-result-store.delete-on-commit", given)


@rule(
    "flink-job-id",
    why="the job has no id that is known before it runs, for RBAC and REST",
    fix="add --job-id and 32 hexadecimal digits to the JobManager's arguments",
)
def _job_id(manifests: Manifests) -> Iterator[Place]:
    for process in _of(manifests, "jobmanager"):
        if process.is_application and not process.is_operators and not job_id(process):
            yield process.container.at("args")


@rule(
    "flink-ha-rights",
    why="the account lacks a right that Kubernetes high availability needs",
    fix="JobManager: create; get list watch update patch delete on ID-cluster-config-map; get "
    "update delete on ID-JOB-config-map; TaskManager: list watch on ID-cluster-config-map",
)
def _ha_rights(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        if not _highly_available(process) or process.is_operators:
            continue  # the operator's chart makes the account and its role
        for verb, name in _needed(process):
            if not _may(manifests, process, verb, name):
                yield process.pod.at("spec.serviceAccountName", f"{verb} configmaps {name}")


def _needed(process: FlinkProcess) -> Iterator[tuple[str, str]]:
    """Yield what Flink 2.2 asks of the API server (read in its flink-dist jar)."""
    cluster = process.options.get("kubernetes.cluster-id", "")
    shared = f"{cluster}-cluster-config-map"
    if process.role == "taskmanager":
        yield from (("list", shared), ("watch", shared))
        return
    yield "create", ""
    for verb in ("get", "list", "watch", "update", "patch", "delete"):
        yield verb, shared
    for verb in ("get", "update", "delete"):
        yield verb, f"{cluster}-{job_id(process) or '?'}-config-map"


def _may(manifests: Manifests, process: FlinkProcess, verb: str, name: str) -> bool:
    namespace = process.pod.owner.namespace
    for binding in manifests.of("RoleBinding"):
        subjects = [mapping(entry) for entry in sequence(binding.content.get("subjects"))]
        bound = any(
            subject.get("name") == (process.pod.account or "default")
            and (subject.get("namespace") or binding.namespace) == namespace
            for subject in subjects
        )
        reference = mapping(binding.content.get("roleRef"))
        kind, role_name = text(reference.get("kind")), text(reference.get("name"))
        role = manifests.find(kind, role_name, namespace if kind == "Role" else "")
        if kind == "ClusterRole" and bound and role is None:
            return role_name in {"cluster-admin", "admin", "edit"}
        if bound and binding.namespace == namespace and role:
            for grant in map(mapping, sequence(role.content.get("rules"))):
                names = sequence(grant.get("resourceNames"))
                verbs = sequence(grant.get("verbs"))
                kinds = sequence(grant.get("resources"))
                if (
                    {"", "*"} & set(sequence(grant.get("apiGroups")))
                    and {"configmaps", "*"} & set(kinds)
                    and {verb, "*"} & set(verbs)
                    and (not names or name in names)
                ):
                    return True
    return False


@rule(
    "flink-ha-token",
    why="Kubernetes high availability has no token for the API server",
    fix="mount a projected serviceAccountToken at /var/run/secrets/kubernetes.io/serviceaccount",
)
def _ha_token(manifests: Manifests) -> Iterator[Place]:
    path = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    for process in processes(manifests):
        projected = mapping(mapping(process.volume_at(path)).get("projected"))
        sources = map(mapping, sequence(projected.get("sources")))
        has = any("serviceAccountToken" in source for source in sources)
        automatic = process.pod.spec.get("automountServiceAccountToken") is not False
        if _highly_available(process) and not has and not automatic:
            yield process.container.at("volumeMounts", path)


@rule(
    "flink-memory",
    why="the limit is less than what Flink takes and what its volumes in memory may hold: the "
    "process is killed under load",
    fix="raise limits.memory, or lower the process size or the sizeLimits",
)
def _memory(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        limit = amount(dig(process.container.content, "resources.limits.memory"))
        size = size_bytes(process.options.get(f"{process.role}.memory.process.size"))
        names = {mount.get("name") for mount in process.container.mounts}
        memory = [
            amount(mapping(volume.get("emptyDir")).get("sizeLimit")) or 0
            for _, volume in process.pod.volumes
            if volume.get("name") in names
            and mapping(volume.get("emptyDir")).get("medium") == "Memory"
        ]
        if limit is not None and size is not None and size + sum(memory) > limit:
            yield process.container.at(
                "resources.limits.memory", f"{limit} bytes for {size} and {sum(memory)}"
            )


@rule(
    "flink-beside",
    why="Flink and Python talk over loopback without a password: who shares the pod can run code",
    fix="put the container into a pod of its own",
)
def _beside(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        for container in process.pod.containers:
            if container is not process.container and container.runs_on:
                yield container.at("name", container.name)
