# SPDX-License-Identifier: Apache-2.0
"""What scripts/minikube.sh does to a cluster, in which order, and what it leaves alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.manifests.documents import Documents, read

ROOT = Path(__file__).parents[2]
FILES = {
    "kerberos/flink.keytab": "the keytab",
    "ca/sandbox.pem": "the CA",
    "elasticsearch/password": "hunter2",
    "state-keys/primary": "2026",
    "state-keys/2026": "k" * 32,
    "krb5.conf": "[libdefaults]\n",
}

_FLINKSEC = """#!/bin/sh
case $1 in
deploy) cp -- "$2" "$FAKE_CLUSTER/job.yaml" ;;
status | history) ;;
*) exec {real}/flinksec "$@" ;;
esac
echo "flinksec $*" >>"$FAKE_CLUSTER/calls"
"""


def _cluster(folder: Path) -> Path:
    for name, content in FILES.items():
        file = folder / "hand-over" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        file.chmod(0o600)
    return folder


def _program(path: Path, command: str) -> Path:
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)
    return path


def _script(cluster: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script with a kubectl that only remembers."""
    programs = cluster / "bin"
    programs.mkdir(exist_ok=True)
    fake = Path(__file__).with_name("fake_kubectl.py")
    _program(programs / "kubectl", f"{sys.executable} -I -S {fake}")
    # What talks to the API server by itself is remembered too.
    (programs / "flinksec").write_text(_FLINKSEC.format(real=Path(sys.executable).parent))
    (programs / "flinksec").chmod(0o755)
    kustomize = os.environ.get("FLINKSEC_KUSTOMIZE") or f"{shutil.which('kubectl')} kustomize"
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "FAKE_CLUSTER": str(cluster),
        "REAL_KUSTOMIZE": kustomize,
        "REAL_PATH": os.environ["PATH"],
        "KUBE_CONTEXT": "some-cluster",
        "FLINKSEC": str(programs / "flinksec"),
    }
    return subprocess.run(
        [ROOT / "scripts" / "minikube.sh", *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Deployed:
    """What is left of two deployments into one cluster.

    Attributes:
        first: how many calls the first one made.
        said: what both printed.
    """

    cluster: Path
    first: int
    said: str


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    cluster = _cluster(tmp_path_factory.mktemp("cluster"))
    one = _script(cluster, "deploy", "500")
    assert one.returncode == 0, one.stderr
    first = len(_calls(cluster))
    two = _script(cluster, "deploy")
    assert two.returncode == 0, two.stderr
    return Deployed(cluster, first, one.stdout + one.stderr + two.stdout + two.stderr)


def _calls(cluster: Path) -> list[str]:
    found = (cluster / "calls").read_text().splitlines()
    return [line.removeprefix("--context some-cluster ") for line in found]


def test_a_result_that_is_not_right_is_a_failure(tmp_path: Path) -> None:
    cluster = _cluster(tmp_path)
    assert _script(cluster, "result", "500").returncode == 0
    (cluster / "figures-differ").touch()
    assert _script(cluster, "result", "500").returncode == 1
    assert _script(cluster, "deploy", "500").returncode == 1


def test_servers_come_first_then_secrets_then_flights_then_the_job(
    deployed: Deployed,
) -> None:
    calls = _calls(deployed.cluster)[: deployed.first]
    order = [
        "apply --kustomize docker/kubernetes/overlays/minikube/servers",
        "--namespace sandbox rollout status deployment/sandbox --timeout 15m",
        "--namespace flight-delays create secret generic flink-keytab",
        "--namespace sandbox exec deployment/sandbox -- flinksec sandbox fill --rows 500",
        "kustomize dist/minikube",
        "flinksec deploy",
        "--namespace flight-delays get job flink-jobmanager",
        "--namespace sandbox exec deployment/sandbox -- flinksec sandbox figures --rows 500",
    ]
    places = [max(i for i, call in enumerate(calls) if call.startswith(one)) for one in order]
    assert places == sorted(places)


def test_every_secret_that_the_job_mounts_is_made(deployed: Deployed) -> None:
    cluster = deployed.cluster
    job = read((cluster / "job.yaml").read_text())
    mounted = {
        volume["secret"]["secretName"]
        for one in job
        if one["kind"] in {"Job", "StatefulSet", "Deployment"}
        for volume in one["spec"]["template"]["spec"]["volumes"]
        if "secret" in volume
    }
    made = {path.name.removeprefix("secret-") for path in cluster.glob("secret-*")}
    certificates = {
        one["metadata"]["name"] for one in read((cluster / "certificates.yaml").read_text())
    }
    assert mounted == made | certificates
    assert (cluster / "secret-flink-state-keys").read_text() == "2026 primary"


def test_policies_get_the_address_of_this_api_server(deployed: Deployed) -> None:
    cluster = deployed.cluster
    job = Documents(read((cluster / "job.yaml").read_text()))
    for name in ("api-server", "deployer-api-server"):
        assert job.policy(name)["egress"] == [
            {
                "to": [{"ipBlock": {"cidr": "10.99.0.2/32"}}],
                "ports": [{"protocol": "TCP", "port": 8443}],
            }
        ]


def test_a_second_time_keys_and_certificates_stay(deployed: Deployed) -> None:
    second = _calls(deployed.cluster)[deployed.first :]
    made = [call.split()[5] for call in second if " create secret generic " in f" {call} "]
    assert made == ["flink-keytab", "service-cas", "elasticsearch-credentials"]
    assert not [call for call in second if "certificates.yaml" in call]


def test_no_secret_is_on_a_command_line_or_on_the_terminal(deployed: Deployed) -> None:
    said = (deployed.cluster / "calls").read_text() + deployed.said
    for secret in ("hunter2", "k" * 32, "the keytab"):
        assert secret not in said


def test_a_job_that_failed_is_shown_and_fails_the_script(tmp_path: Path) -> None:
    cluster = _cluster(tmp_path)
    (cluster / "job-fails").touch()
    done = _script(cluster, "deploy")
    assert done.returncode == 1
    assert "this step failed: the job, to its end" in done.stderr
    assert "--namespace flight-delays logs job/flink-jobmanager --tail 40" in _calls(cluster)


def test_what_fails_within_a_step_ends_the_script(tmp_path: Path) -> None:
    cluster = _cluster(tmp_path)
    (cluster / "hand-over-fails").touch()
    done = _script(cluster, "deploy")
    assert done.returncode == 1
    assert "there is no sandbox" in done.stderr
    assert "this step failed: Secrets for the job" in done.stderr
    assert not list(cluster.glob("secret-*"))
    assert not [call for call in _calls(cluster) if "create secret" in call]


def test_down_removes_both_namespaces_and_nothing_else(tmp_path: Path) -> None:
    assert _script(tmp_path, "down").returncode == 0
    assert _calls(tmp_path) == ["delete namespace flight-delays sandbox --ignore-not-found"]


def test_an_unknown_word_is_answered_with_the_words_that_there_are(tmp_path: Path) -> None:
    done = _script(tmp_path, "go")
    assert done.returncode == 1
    assert "up, deploy, status, result or down?" in done.stderr
