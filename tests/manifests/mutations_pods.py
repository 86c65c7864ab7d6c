# SPDX-License-Identifier: Apache-2.0
"""Pod Security, hardening, secrets, volumes, images, shapes."""

from __future__ import annotations

from typing import Any

from tests.manifests.documents import TM, Documents, Mutation


def _set(where: Any, key: str, value: Any) -> Any:
    where[key] = value
    return where


def _duplicate(d: Documents) -> None:
    d.all.append(d.get("Service", TM))


def _sub_path(d: Documents) -> None:
    d.container()["volumeMounts"][0]["subPath"] = "no-such-key"
    d.container()["volumeMounts"][0]["name"] = "flink-conf"


def _secret_sub_path(d: Documents) -> None:
    (mount,) = (m for m in d.container()["volumeMounts"] if m["name"] == "keytab")
    mount["subPath"] = "flink.keytab"


MUTATIONS: dict[str, Mutation] = {
    # Baseline.
    "pss-host-namespaces": lambda d: _set(d.pod(), "hostPID", True),
    "pss-host-process": lambda d: _set(d.security(), "windowsOptions", {"hostProcess": True}),
    "pss-privileged": lambda d: _set(d.security(TM), "privileged", True),
    "pss-capabilities": lambda d: _set(d.security()["capabilities"], "add", ["SYS_ADMIN"]),
    "pss-host-path": lambda d: _set(d.volume("tmp"), "hostPath", {"path": "/var/tmp"}),
    "pss-host-port": lambda d: _set(d.container()["ports"][0], "hostPort", 6123),
    "pss-probe-host": lambda d: _set(
        d.container()["livenessProbe"]["tcpSocket"], "host", "192.0.2.1"
    ),
    "pss-apparmor": lambda d: _set(
        d.pod()["securityContext"], "appArmorProfile", {"type": "Unconfined"}
    ),
    "pss-selinux": lambda d: _set(d.security(), "seLinuxOptions", {"type": "spc_t"}),
    "pss-proc-mount": lambda d: _set(d.security(), "procMount", "Unmasked"),
    "pss-sysctls": lambda d: _set(
        d.pod()["securityContext"], "sysctls", [{"name": "kernel.msgmax", "value": "1"}]
    ),
    "pss-seccomp-unconfined": lambda d: _set(
        d.pod()["securityContext"], "seccompProfile", {"type": "Unconfined"}
    ),
    # Restricted.
    "pss-volume-type": lambda d: (
        d.volume("state").pop("persistentVolumeClaim"),
        _set(d.volume("state"), "nfs", {"server": "nfs.example.com", "path": "/export"}),
    ),
    "pss-privilege-escalation": lambda d: d.security().pop("allowPrivilegeEscalation"),
    "pss-run-as-non-root": lambda d: d.pod()["securityContext"].pop("runAsNonRoot"),
    "pss-run-as-root": lambda d: _set(d.security(), "runAsUser", 0),
    "pss-seccomp": lambda d: d.pod()["securityContext"].pop("seccompProfile"),
    "pss-drop-all": lambda d: _set(d.security()["capabilities"], "drop", ["NET_RAW"]),
    "pss-add-capability": lambda d: _set(d.security()["capabilities"], "add", ["CHOWN"]),
    "pss-namespace": lambda d: d.get("Namespace", "flight-delays")["metadata"]["labels"].pop(
        "pod-security.kubernetes.io/enforce"
    ),
    # Hardening.
    "pod-read-only-root": lambda d: d.security().pop("readOnlyRootFilesystem"),
    "pod-service-links": lambda d: d.pod().pop("enableServiceLinks"),
    "pod-token": lambda d: _set(d.pod(), "automountServiceAccountToken", True),
    "pod-default-account": lambda d: d.pod().pop("serviceAccountName"),
    "pod-memory-volume-size": lambda d: d.volume("tmp")["emptyDir"].pop("sizeLimit"),
    "pod-memory-sum": lambda d: _set(d.volume("tmp")["emptyDir"], "sizeLimit", "2Gi"),
    "pod-shared-processes": lambda d: _set(d.pod(), "shareProcessNamespace", True),
    "pod-ephemeral": lambda d: _set(
        d.pod(), "ephemeralContainers", [{"name": "debug", "image": "busybox"}]
    ),
    "image-digest": lambda d: _set(d.container(), "image", "registry.example.com/job:1.0"),
    # Secrets.
    "secret-in-env": lambda d: _set(
        d.container(),
        "env",
        [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
    ),
    "secret-value-in-env": lambda d: _set(
        d.container(), "env", [{"name": "KEYSTORE_PW", "value": "hunter2"}]
    ),
    "secret-in-arguments": lambda d: d.container()["args"].append(
        "-Dsecurity.ssl.internal.keystore-password=hunter2"
    ),
    "secret-in-config-map": lambda d: d.flink("security.ssl.rest.key-password", "hunter2"),
    "secret-in-annotation": lambda d: _set(
        d.template()["metadata"]["annotations"], "es.corp/password", "tr0ub4dor"
    ),
    "secret-in-field": lambda d: d.add(
        "flink.apache.org/v1beta1",
        "FlinkSessionJob",
        "j",
        spec={"flinkConfiguration": {"s3.secret-key": "tr0ub4dor"}},
    ),
    "secret-unreadable": lambda d: _set(
        d.get("ConfigMap", "krb5"), "binaryData", {"more.zip": "UEsDBBQA"}
    ),
    "secret-object": lambda d: d.add("v1", "Secret", "s", data={"key": "aGk="}),
    "secret-mode": lambda d: d.volume("keytab")["secret"].pop("defaultMode"),
    "secret-sub-path": _secret_sub_path,
    # Volumes.
    "volume-config-map": lambda d: d.remove("ConfigMap", "krb5"),
    "volume-key": _sub_path,
    "volume-mount": lambda d: d.pod()["volumes"].remove(d.volume("tmp")),
    "volume-unused": lambda d: d.pod()["volumes"].append({"name": "more", "emptyDir": {}}),
    "volume-claim": lambda d: d.remove("PersistentVolumeClaim", "flink-state"),
    "volume-binding": lambda d: d.spec("PersistentVolumeClaim", "flink-state").pop(
        "storageClassName"
    ),
    "volume-node-path": lambda d: _set(
        d.spec("PersistentVolume", "flink-state.flight-delays"), "hostPath", {"path": "/"}
    ),
    "volume-nfs-options": lambda d: d.spec("PersistentVolume", "flink-state.flight-delays")[
        "mountOptions"
    ].remove("nosuid"),
    # Shapes.
    "shape-unknown-kind": lambda d: d.add("example.com/v1", "Widget", "w", spec={}),
    "shape-unknown-field": lambda d: _set(d.security(), "readOnlyRootFileSystem", True),
    "shape-type": lambda d: _set(d.get("Service", TM)["metadata"], "labels", {"app": 1}),
    "shape-value": lambda d: _set(d.policy("dns"), "policyTypes", ["Egres"]),
    "shape-duplicate": _duplicate,
    "shape-name": lambda d: _set(d.get("Service", TM)["metadata"], "name", "Flink_TM"),
    "shape-restart-policy": lambda d: _set(d.pod(), "restartPolicy", "Always"),
    "shape-selector": lambda d: d.template(TM)["metadata"]["labels"].pop("app.kubernetes.io/name"),
    "shape-pod-security-label": lambda d: _set(
        d.get("Namespace", "flight-delays")["metadata"]["labels"],
        "pod-security.kubernetes.io/enforce",
        "restrict",
    ),
    "shape-empty-workload": lambda d: _set(d.pod(), "containers", []),
}
