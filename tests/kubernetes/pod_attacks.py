# SPDX-License-Identifier: Apache-2.0
"""Ways to get Secrets out of a namespace by pods that look like the job's, or nearly so.

Each changes the pod of the JobManager, as the account of the deployer could make it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PodSpec = dict[str, Any]
_IMAGE, _ACCOUNT, _VOLUME = "an image is not", "the service account is not", "a volume is not among"
_COMMAND, _PROBE = "a command or an argument", "a probe runs a command"
_MOUNT, _ENVIRONMENT = "a volume is mounted where", "an environment variable"
_SHARES, _TOKEN = "the pod shares namespaces", "automountServiceAccountToken must be false"
SHELL = ["/bin/sh", "-c", "cat /etc/flinksec/kerberos/flink.keytab"]


@dataclass(frozen=True)
class Attack:
    """A change of a pod.

    Attributes:
        change: makes it.
        refused: what the refusal says.
    """

    change: Callable[[PodSpec], object]
    refused: str


def own(spec: PodSpec) -> dict[str, Any]:
    """Return the one container."""
    found: dict[str, Any] = spec["containers"][0]
    return found


def _container(**changes: Any) -> Callable[[PodSpec], object]:
    return lambda spec: own(spec).update(changes)


def _volume(**source: Any) -> Callable[[PodSpec], object]:
    return lambda spec: spec["volumes"].append({"name": "more", **source})


def _more(kind: str, **changes: Any) -> Callable[[PodSpec], object]:
    """Put another container beside the first."""

    def change(spec: PodSpec) -> None:
        plain = {"name": "more", "image": own(spec)["image"], "command": own(spec)["command"]}
        secured = plain | {"securityContext": own(spec)["securityContext"]}
        spec.setdefault(kind, []).append(secured | changes)

    return change


def _mounted(path: str) -> Callable[[PodSpec], object]:
    return lambda spec: own(spec)["volumeMounts"].append(
        {"name": "job-settings", "mountPath": path}
    )


def _projected(**source: Any) -> Callable[[PodSpec], object]:
    return _volume(projected={"sources": [source]})


def _argument(text: str) -> Callable[[PodSpec], object]:
    return lambda spec: own(spec)["args"].append(text)


_SECRET = {"secretRef": {"name": "flink-keytab"}}
_KEY = {"secretKeyRef": {"name": "flink-keytab", "key": "flink.keytab"}}
_FOREIGN = "registry.example.com/attacker/tool@sha256:" + "1" * 64

ATTACKS: dict[str, Attack] = {
    "a foreign image": Attack(_container(image=_FOREIGN), _IMAGE),
    "a foreign image whose name begins alike": Attack(
        _container(image="registry.example.com/flight-delays-tools@sha256:" + "1" * 64), _IMAGE
    ),
    "a tag, which anybody who pushes may move": Attack(
        _container(image="registry.example.com/flight-delays:latest"), _IMAGE
    ),
    "a container before it": Attack(_more("initContainers", image=_FOREIGN), _IMAGE),
    "a container beside it": Attack(_more("containers", image=_FOREIGN), _IMAGE),
    "a known image with a shell": Attack(_container(command=SHELL, args=[]), _COMMAND),
    "a container before it with a shell": Attack(
        _more("initContainers", command=SHELL), _COMMAND
    ),
    "the image's own command": Attack(lambda spec: own(spec).pop("command"), _COMMAND),
    "a program of one's own": Attack(_argument("/etc/flinksec/job/settings.toml"), _COMMAND),
    "an option of Flink": Attack(_argument("-Dpipeline.jars=file:///tmp/x.jar"), _COMMAND),
    "another working directory": Attack(_container(workingDir="/etc/flinksec/job"), _COMMAND),
    "a hook": Attack(_container(lifecycle={"postStart": {"exec": {"command": SHELL}}}), _COMMAND),
    "a probe": Attack(_container(livenessProbe={"exec": {"command": SHELL}}), _PROBE),
    "another account": Attack(lambda spec: spec.update(serviceAccountName="default"), _ACCOUNT),
    "no account": Attack(lambda spec: spec.pop("serviceAccountName"), _ACCOUNT),
    "the deployer's account with the job's Secrets": Attack(
        lambda spec: spec.update(serviceAccountName="flink-deployer"), _VOLUME
    ),
    "a Secret of the deployer's": Attack(
        _volume(secret={"secretName": "flink-deployer-rest-client"}), _VOLUME
    ),
    "a Secret of somebody else": Attack(_volume(secret={"secretName": "of-others"}), _VOLUME),
    "a Secret among projected ones": Attack(
        _projected(secret={"name": "flink-deployer-rest-client"}), _VOLUME
    ),
    "a token for another service": Attack(
        _projected(serviceAccountToken={"path": "t", "audience": "vault"}), _VOLUME
    ),
    "a token for a day": Attack(
        _projected(serviceAccountToken={"path": "t", "expirationSeconds": 86400}), _VOLUME
    ),
    "a token that is mounted by itself": Attack(
        lambda spec: spec.update(automountServiceAccountToken=True), _TOKEN
    ),
    "a ConfigMap of others": Attack(_volume(configMap={"name": "another"}), _VOLUME),
    "a directory of the node": Attack(_volume(hostPath={"path": "/"}), _VOLUME),
    "an export": Attack(_volume(nfs={"server": "n.example.com", "path": "/"}), _VOLUME),
    "a driver's volume": Attack(_volume(csi={"driver": "secrets-store.csi.k8s.io"}), _VOLUME),
    "an image as a volume": Attack(_volume(image={"reference": _FOREIGN}), _VOLUME),
    "a volume of its own": Attack(
        _volume(
            ephemeral={
                "volumeClaimTemplate": {
                    "spec": {
                        "accessModes": ["ReadWriteOnce"],
                        "resources": {"requests": {"storage": "1Gi"}},
                    }
                }
            }
        ),
        _VOLUME,
    ),
    "another claim": Attack(_volume(persistentVolumeClaim={"claimName": "of-others"}), _VOLUME),
    "all of a Secret as variables": Attack(_container(envFrom=[_SECRET]), _ENVIRONMENT),
    "a key of a Secret as a variable": Attack(
        _container(env=[{"name": "X", "valueFrom": _KEY}]), _ENVIRONMENT
    ),
    "a variable that Python heeds": Attack(
        _container(env=[{"name": "PYTHONPATH", "value": "/etc/flinksec/job"}]), _ENVIRONMENT
    ),
    "a variable that Java heeds": Attack(
        _container(env=[{"name": "JAVA_TOOL_OPTIONS", "value": "-agentlib:jdwp"}]), _ENVIRONMENT
    ),
    "a file in place of the program": Attack(_mounted("/opt/job"), _MOUNT),
    "a file in place of the library": Attack(_mounted("/opt/flinksec/lib"), _MOUNT),
    "a file where programs begin": Attack(_mounted("/etc/ld.so.preload"), _MOUNT),
    "the network of the node": Attack(lambda spec: spec.update(hostNetwork=True), _SHARES),
    "the processes of the node": Attack(lambda spec: spec.update(hostPID=True), _SHARES),
    "the processes of a container beside it": Attack(
        lambda spec: spec.update(shareProcessNamespace=True), _SHARES
    ),
    "a node of one's choice": Attack(lambda spec: spec.update(nodeName="node"), _SHARES),
    "a pull secret": Attack(
        lambda spec: spec.update(imagePullSecrets=[{"name": "flink-keytab"}]), "a pull secret"
    ),
}  # fmt: skip
