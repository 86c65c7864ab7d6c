# SPDX-License-Identifier: Apache-2.0
"""Flink's own configuration, where there is one, and the certificates of its processes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from flinksec_jobs.cluster import flink_conf
from flinksec_jobs.cluster.entrypoint import Mounts
from flinksec_jobs.cluster.flink_conf import Role
from flinksec_jobs.cluster.flink_conf_drift import drift
from flinksec_jobs.cluster.flink_conf_problems import conf_problems
from flinksec_jobs.cluster.process_checks import check_state
from flinksec_jobs.cluster.tls_check import check_tls, directories
from flinksec_jobs.doctor.checks import Answer, Check, NotAskedError
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.findings import problem

_CONFIG = problem("flink-config-unusable", "Flink's configuration cannot be read")
_STORES = problem("cluster-stores-unusable", "the certificates of Flink's processes cannot be used")


def flink(patient: Patient) -> Iterator[Check]:
    """Yield whether Flink's configuration is safe, and its processes' certificates can be used."""
    config = patient.wanted.config or Mounts().config
    is_there = patient.wanted.config is not None or config.exists()
    if patient.settings.cluster is None and not is_there:
        raise NotAskedError("there is no section [cluster], and no config.yaml of Flink here")
    if is_there:
        yield Check("flink-config", str(config), partial(_config, patient, config), _CONFIG)
    else:
        yield Check("flink-config", "the config.yaml that the settings give",
                    partial(_given, patient), _CONFIG)  # fmt: skip
    if any(path.exists() for path in directories(patient.settings, "jobmanager").values()):
        yield Check("flink-certificates", "the certificates of Flink's processes",
                    partial(_stores, patient), _STORES)  # fmt: skip


def _config(patient: Patient, path: Path) -> Answer:
    config = flink_conf.read_yaml(path)
    found = [*conf_problems(config, str(path)), *drift(config, patient.settings, file=str(path))]
    return Answer(f"{len(config)} options", found)


def _given(patient: Patient) -> Answer:
    config = flink_conf.config(patient.settings)
    return Answer(
        f"{len(config)} options", [*conf_problems(config), *check_state(patient.settings)]
    )


def _stores(patient: Patient) -> Answer:
    """Look at those that are here: a TaskManager has no certificate of REST."""
    here = directories(patient.settings, "jobmanager")
    role: Role = "jobmanager" if all(one.exists() for one in here.values()) else "taskmanager"
    shown = ", ".join(str(one) for one in directories(patient.settings, role).values())
    return Answer(shown, list(check_tls(patient.settings, role)))
