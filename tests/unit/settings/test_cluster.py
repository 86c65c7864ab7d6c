# SPDX-License-Identifier: Apache-2.0
"""The section [cluster] and the section within it."""

from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import ClusterSettings, ClusterTlsSettings, load_settings
from flinksec_jobs.settings.sizes import size_bytes

STATE = {"directory": "/mnt/state", "keys": "/keys"}


def cluster(**given: Any) -> ClusterSettings:
    found = load_settings(overrides={"cluster": given, "state": STATE}, environ={}).cluster
    assert found
    return found


def test_without_the_section_there_is_no_cluster() -> None:
    assert load_settings(environ={}).cluster is None


def test_a_section_within_a_section_is_read_from_every_place(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    path.write_text('[cluster]\ntask_slots = 3\n[cluster.tls]\ninternal = "tls"\nrest = "/r"\n')
    environ = {"FLINKSEC_CLUSTER__TLS__CIPHER_SUITES": "TLS_AES_128_GCM_SHA256"}
    settings = load_settings(path, overrides={"cluster.tls.rest": "/argument"}, environ=environ)
    assert settings.cluster == ClusterSettings(
        task_slots=3,
        tls=ClusterTlsSettings(
            internal=tmp_path / "tls",
            rest=Path("/argument"),
            cipher_suites=("TLS_AES_128_GCM_SHA256",),
        ),
    )
    assert settings.origin("cluster.tls.internal") == str(path)
    assert settings.origin("cluster.tls.rest") == "argument"
    assert settings.origin("cluster.tls.cipher_suites") == "FLINKSEC_CLUSTER__TLS__CIPHER_SUITES"
    assert settings.origin("cluster.tls.protocol") == "default"


def test_a_model_may_be_given_within_the_section() -> None:
    assert cluster(tls=ClusterTlsSettings(protocol="TLSv1.2")).tls.protocol == "TLSv1.2"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"tls": {"protocoll": "x"}}, "did you mean cluster.tls.protocol?"),
        ({"tls": {"protocol": "TLSv1.1"}}, "cluster.tls.protocol (argument): must be"),
        ({"tls": {"protocol": "TLSv1.3,TLSv1.2"}}, "cluster.tls.protocol (argument): must be"),
        (
            {"tls": {"cipher_suites": ["TLS_RSA_WITH_AES_128_CBC_SHA"]}},
            "cluster.tls.cipher_suites (argument): holds a suite that is not among",
        ),
        (
            {"tls": {"cipher_suites": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]}},
            "cluster.tls.cipher_suites (argument): holds a suite that TLSv1.3 does not have",
        ),
        ({"jobmanager_memory": "plenty"}, "must be a size such as 1600m or 2g"),
        ({"python_memory": "256"}, "must be a size such as 1600m or 2g"),
        ({"taskmanager_memory": "100m"}, "is less than the 512m"),
        ({"cluster_id": "Mine"}, "must be lower-case letters"),
        ({"rest_port": 70000}, "must be less than or equal to 65535"),
        ({"rest_port": 6123}, "another port of the JobManager is given twice"),
        ({"taskmanager_data_port": 6122}, "another port of a TaskManager is given twice"),
        (
            {"high_availability": "kubernetes"},
            "cluster.kubernetes_namespace (argument): is missing",
        ),
        ({"high_availability": "zookeeper"}, "cluster.zookeeper_quorum (argument): is missing"),
        ({"restart_strategy": "fixed-delay"}, "cluster.restart_attempts (argument): is missing"),
    ],
)
def test_what_cannot_work_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        cluster(**given)
    assert problem in caught.value.message


def test_high_availability_needs_a_place_for_its_data() -> None:
    given = {"high_availability": "kubernetes", "kubernetes_namespace": "x"}
    with pytest.raises(SettingsError, match=r"state: is missing, and cluster\.high_availability"):
        load_settings(overrides={"cluster": given}, environ={})


def test_a_job_must_fit_into_the_slots() -> None:
    given = {"cluster": {"task_managers": 2, "task_slots": 2}, "job": {"parallelism": 5}}
    with pytest.raises(SettingsError, match="is 5, more than the 4 slots"):
        load_settings(overrides=given, environ={})


@pytest.mark.parametrize(
    ("text", "expected"), [("1k", 1024), ("1600m", 1600 * 2**20), ("2 gb", 2**31), ("2G", 2**31)]
)
def test_sizes_are_powers_of_1024(text: str, expected: int) -> None:
    assert size_bytes(text) == expected
