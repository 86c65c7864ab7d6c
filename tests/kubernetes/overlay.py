# SPDX-License-Identifier: Apache-2.0
"""An overlay for the test's node: that of minikube, with the servers outside the cluster."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

KUBERNETES = Path(__file__).parents[2] / "docker" / "kubernetes"
NAMESPACE = "flights"
# Built by scripts/test_kubernetes.sh.
PROXY_IMAGE = "localhost/flinksec-proxy:latest"
_SERVERS = {
    "egress-kerberos": [("TCP", 10088), ("UDP", 10088)],
    "egress-kafka": [("TCP", 9093)],
    "egress-elasticsearch": [("TCP", 9200)],
    "egress-hdfs": [("TCP", 8020), ("TCP", 9866)],
}
_CLUSTER = f'''
[cluster]
jobmanager_memory    = "1200m"
taskmanager_memory   = "1728m"
task_managers        = 2
task_slots           = 1
high_availability    = "kubernetes"
kubernetes_namespace = "{NAMESPACE}"
# A busy machine needs long to start a process.
[flink]
# A failed checkpoint need not start the job again here: processes are killed for that.
"execution.checkpointing.tolerable-failed-checkpoints" = 1000
"pekko.startup-timeout" = "3 min"
"pekko.ask.timeout" = "3 min"
"heartbeat.timeout" = "2 min"
# Processes live for a minute here: too short for Java's second compiler, and for the verification
# of 26,000 classes of Flink's.
"env.java.opts.all" = """-XX:TieredStopAtLevel=1 \
  -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"""
'''


def write(directory: Path, handed: Path, servers: str, api_server: str, export: Path) -> Path:
    """Write the overlay.

    Args:
        directory: gets it.
        handed: what the sandbox has handed over.
        servers: the address of the sandbox.
        api_server: the address of the API server; its port is 6443.
        export: the directory on the node that stands for the NFS export.
    """
    directory.mkdir()
    settings = (handed / "job" / "settings.toml").read_text()
    settings = settings.replace("[state]\n", '[state]\ncheckpoint_interval = "2 s"\n')
    (directory / "settings.toml").write_text(
        f'{settings}\n[job]\nparallelism = 2\nresume = "first"\n{_CLUSTER}', encoding="utf-8"
    )
    shutil.copy(handed / "krb5.conf", directory)
    conf = [sys.executable, "-m", "flinksec_jobs", "cluster", "conf"]
    conf += ["--settings", str(directory / "settings.toml")]
    done = subprocess.run(conf, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (directory / "config.yaml").write_text(done.stdout)
    patches = [_policy(name, servers, ports) for name, ports in _SERVERS.items()]
    patches += [
        _policy(name, api_server, [("TCP", 6443)]) for name in ("api-server", "deployer-api-server")
    ]
    _json(directory / "volume.json", volume(export, "flink-state", NAMESPACE))
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": NAMESPACE,
        "resources": [
            os.path.relpath(KUBERNETES / "overlays" / "minikube" / "job", directory.resolve()),
            "volume.json",
        ],
        "components": [
            os.path.relpath(KUBERNETES / name, directory.resolve())
            for name in (
                "components/proxy",
                "components/savepoints",
                "overlays/minikube/local-images",
            )
        ],
        "generatorOptions": {"disableNameSuffixHash": True},
        "configMapGenerator": [
            {"name": name, "behavior": "merge", "files": files}
            for name, files in {
                "flink-conf": ["config.yaml"],
                "job-settings": ["settings.toml"],
                "krb5": ["krb5.conf"],
            }.items()
        ],
        "patches": [{"patch": json.dumps(patch)} for patch in patches] + _sizes(),
    }
    _json(directory / "kustomization.yaml", kustomization)
    return directory


def _policy(name: str, address: str, ports: list[tuple[str, int]]) -> dict[str, Any]:
    to = [{"ipBlock": {"cidr": f"{address}/32"}}]
    listed = [{"protocol": protocol, "port": port} for protocol, port in ports]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {"egress": [{"to": to, "ports": listed}]},
    }


def _sizes() -> list[dict[str, Any]]:
    """Two TaskManagers beside all else on two CPUs, another job too; the claim on the volume."""

    def operations(*listed: tuple[str, str, object]) -> str:
        return json.dumps([{"op": op, "path": path, "value": value} for op, path, value in listed])

    container = "/spec/template/spec/containers/0"
    cpu = ("replace", f"{container}/resources/requests/cpu", "100m")
    return [
        {
            "target": {"kind": "StatefulSet", "name": "flink-taskmanager"},
            "patch": operations(cpu, ("replace", "/spec/replicas", 2)),
        },
        {"target": {"kind": "Job", "name": "flink-jobmanager"}, "patch": operations(cpu)},
        {
            "target": {"kind": "Job|StatefulSet|Deployment"},
            "patch": operations(("replace", f"{container}/imagePullPolicy", "Never")),
        },
        {
            "target": {"kind": "Deployment", "name": "flink-proxy"},
            "patch": operations(("replace", f"{container}/image", PROXY_IMAGE)),
        },
        {
            # It is begun by hand: an hour that comes would meet what operators do.
            "target": {"kind": "CronJob", "name": "flink-savepoints"},
            "patch": operations(("add", "/spec/suspend", True)),
        },
        {
            "target": {"kind": "PersistentVolumeClaim", "name": "flink-state"},
            "patch": operations(
                ("add", "/spec/storageClassName", ""),
                ("add", "/spec/volumeName", "flink-state"),
            ),
        },
    ]


def volume(path: Path, name: str, namespace: str) -> dict[str, Any]:
    """A directory of the node as the volume of the claim flink-state in a namespace."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {
                "skip.flinksec.org/volume-node-path": "a directory of the node stands for an export"
            },
        },
        "spec": {
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "",
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": str(path), "type": "Directory"},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "name": "flink-state",
                "namespace": namespace,
            },
        },
    }


def _json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2))
