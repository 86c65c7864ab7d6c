# SPDX-License-Identifier: Apache-2.0
"""FlinkDeployments and FlinkSessionJobs: what only the operator's resources say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flinksec_jobs.cluster.flink_door_problems import door_problems
from flinksec_jobs.cluster.logging_problems import logging_problems
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.manifests.flink.flink_processes import processes
from flinksec_jobs.manifests.flink.operator_resources import (
    given_options,
    is_deployment,
    is_session_job,
)
from flinksec_jobs.manifests.kube.objects import Manifests, Place, dig, mapping, text
from flinksec_jobs.manifests.rule import rule

_OF_A_JOB = ("secret-in-configuration", "secret-in-environment")


@rule(
    "flink-operator-ingress",
    why="the operator makes an Ingress for REST, and whoever reaches it may stop the job",
    fix="remove spec.ingress, or give it tls and let REST ask for certificates of clients",
)
def _ingress(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        ingress = process.pod.owner.spec.get("ingress") if process.is_operators else None
        if not ingress or process.role != "jobmanager":
            continue
        asks = all(
            process.options.get(f"security.ssl.rest.{name}", "").lower() == "true"
            for name in ("enabled", "authentication-enabled")
        )
        if not (mapping(ingress).get("tls") and asks):
            yield process.pod.owner.at("spec.ingress", text(mapping(ingress).get("template")))


@rule(
    "flink-operator-service",
    why="the Service for REST is open on every node or to the world",
    fix="leave it a ClusterIP; let people in through an authenticating proxy",
)
def _service(manifests: Manifests) -> Iterator[Place]:
    option = "kubernetes.rest-service.exposed.type"
    for process in processes(manifests):
        kind = process.options.get(option, "").strip().lower() if process.is_operators else ""
        if process.role == "jobmanager" and kind in {"nodeport", "loadbalancer"}:
            yield process.at(option, process.options[option])


@rule(
    "flink-operator-jar",
    why="the job's program comes over a connection that anyone on the way can change",
    fix="put it into the image (local://…), or fetch it by https",
)
def _jar(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.objects:
        if not (is_deployment(entry) or is_session_job(entry)):
            continue
        uri = text(dig(entry.spec, "job.jarURI"))
        if _in_clear(uri):
            yield entry.at("spec.job.jarURI", uri.partition("?")[0])
        try:
            options = given_options(entry)
        except FlinkSecError:
            continue  # a rule of its own names it
        for option in _PROGRAMS & options.keys():
            for one in re.findall(r"[^\s,;'\"\[\]]+", text(options[option])):
                if _in_clear(one):
                    field = f"spec.flinkConfiguration {option}"
                    yield entry.at(field, one.partition("?")[0])


# Options that name programs, which Flink fetches for the job.
_PROGRAMS = frozenset({"pipeline.jars", "pipeline.classpaths", "user.artifacts.artifact-list"})


def _in_clear(uri: str) -> bool:
    return uri.lower().startswith(("http://", "ftp://"))


@rule(
    "flink-operator-job",
    why="the configuration of a job in a session holds what should not be in it",
    fix="mount secrets as files",
)
def _session_job(manifests: Manifests) -> Iterator[Place]:
    for entry in filter(is_session_job, manifests.objects):
        try:
            options = given_options(entry)
        except FlinkSecError as error:
            yield entry.at("spec.flinkConfiguration", error.message)
            continue
        for found in door_problems(options):
            if found.id in _OF_A_JOB:
                field = f"spec.flinkConfiguration {found.where.field}"
                yield entry.at(field, f"{found.why} [{found.id}]")


@rule(
    "flink-operator-logging",
    why="the logging of a FlinkDeployment writes what should not be in a log",
    fix="take over log4j-console.properties of docker/kubernetes/base",
)
def _logging(manifests: Manifests) -> Iterator[Place]:
    for entry in filter(is_deployment, manifests.objects):
        for key, content in mapping(entry.spec.get("logConfiguration")).items():
            if "log4j" in text(key):
                for found in logging_problems(text(content)):
                    yield entry.at(f"spec.logConfiguration[{key}]", f"{found.why} [{found.id}]")
