# SPDX-License-Identifier: Apache-2.0
"""Writes flinksec_jobs/manifests/kube/kubernetes.json from the schemas of kubernetes-validate.

Run it with the Python of the manifest tools (scripts/manifest_tools.sh prints its directory), which
has that package; argument: the version of Kubernetes, such as 1.37.0.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate

TARGET = Path(__file__).parents[1] / "flinksec_jobs/manifests/kube/kubernetes.json"
LISTED = (
    "Namespace ConfigMap Secret Service ServiceAccount PersistentVolume PersistentVolumeClaim Pod "
    "ReplicationController PodTemplate LimitRange ResourceQuota Deployment StatefulSet DaemonSet "
    "ReplicaSet Job CronJob Role RoleBinding ClusterRole ClusterRoleBinding NetworkPolicy Ingress "
    "IngressClass PodDisruptionBudget StorageClass HorizontalPodAutoscaler PriorityClass "
    "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding"
)
KINDS = set(LISTED.split())
# OpenAPI does not carry them; from the constants of k8s.io/api.
VALUES = {
    "networking.v1.NetworkPolicySpec.policyTypes": ["Ingress", "Egress"],
    "networking.v1.NetworkPolicyPort.protocol": ["TCP", "UDP", "SCTP"],
    "networking.v1.HTTPIngressPath.pathType": ["Exact", "Prefix", "ImplementationSpecific"],
    "core.v1.ServicePort.protocol": ["TCP", "UDP", "SCTP"],
    "core.v1.ContainerPort.protocol": ["TCP", "UDP", "SCTP"],
    "core.v1.ServiceSpec.type": ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
    "core.v1.ServiceSpec.sessionAffinity": ["None", "ClientIP"],
    "core.v1.ServiceSpec.externalTrafficPolicy": ["Cluster", "Local"],
    "core.v1.ServiceSpec.internalTrafficPolicy": ["Cluster", "Local"],
    "core.v1.Container.imagePullPolicy": ["Always", "IfNotPresent", "Never"],
    "core.v1.PodSpec.restartPolicy": ["Always", "OnFailure", "Never"],
    "core.v1.PodSpec.dnsPolicy": ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    "core.v1.PodSecurityContext.fsGroupChangePolicy": ["OnRootMismatch", "Always"],
    "core.v1.SeccompProfile.type": ["RuntimeDefault", "Localhost", "Unconfined"],
    "core.v1.AppArmorProfile.type": ["RuntimeDefault", "Localhost", "Unconfined"],
    "core.v1.SecurityContext.procMount": ["Default", "Unmasked"],
    "core.v1.EmptyDirVolumeSource.medium": ["", "Memory", "HugePages", "HugePages-2Mi"],
    "core.v1.Toleration.operator": ["Equal", "Exists", "Lt", "Gt"],
    "core.v1.Toleration.effect": ["", "NoSchedule", "PreferNoSchedule", "NoExecute"],
    "core.v1.TopologySpreadConstraint.whenUnsatisfiable": ["DoNotSchedule", "ScheduleAnyway"],
    "core.v1.PersistentVolumeClaimSpec.accessModes": [
        "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod",
    ],
    "core.v1.PersistentVolumeSpec.accessModes": [
        "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod",
    ],
    "core.v1.PersistentVolumeSpec.persistentVolumeReclaimPolicy": ["Retain", "Delete", "Recycle"],
    "v1.LabelSelectorRequirement.operator": ["In", "NotIn", "Exists", "DoesNotExist"],
    "core.v1.NodeSelectorRequirement.operator": [
        "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt",
    ],
    "apps.v1.StatefulSetSpec.podManagementPolicy": ["OrderedReady", "Parallel"],
    "apps.v1.StatefulSetUpdateStrategy.type": ["RollingUpdate", "OnDelete"],
    "apps.v1.DeploymentStrategy.type": ["Recreate", "RollingUpdate"],
    "apps.v1.DaemonSetUpdateStrategy.type": ["RollingUpdate", "OnDelete"],
    "batch.v1.JobSpec.completionMode": ["NonIndexed", "Indexed"],
    "batch.v1.JobSpec.podReplacementPolicy": ["Failed", "TerminatingOrFailed"],
    "batch.v1.PodFailurePolicyRule.action": ["FailJob", "FailIndex", "Ignore", "Count"],
    "batch.v1.PodFailurePolicyOnExitCodesRequirement.operator": ["In", "NotIn"],
    "batch.v1.CronJobSpec.concurrencyPolicy": ["Allow", "Forbid", "Replace"],
    "policy.v1.PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy": [
        "IfHealthyBudget", "AlwaysAllow",
    ],
}  # fmt: skip


class Compactor:
    """Reduces OpenAPI definitions to names of fields and their types."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self.definitions = definitions
        self.types: dict[str, dict[str, Any]] = {}

    def kinds(self) -> Iterator[tuple[str, str]]:
        """Visit each stable version of the kinds; yield it and the name of its type."""
        for name, definition in self.definitions.items():
            for group in definition.get("x-kubernetes-group-version-kind", []):
                stable = not any(word in group["version"] for word in ("alpha", "beta"))
                if name.startswith("io.k8s.api.") and stable and group["kind"] in KINDS:
                    self.visit(name)
                    prefix = f"{group['group']}/" if group["group"] else ""
                    yield f"{prefix}{group['version']} {group['kind']}", short(name)

    def visit(self, name: str) -> None:
        """Enter a type and all that it uses."""
        if short(name) not in self.types:
            self.types[short(name)] = {}
            for field, schema in self.definitions[name].get("properties", {}).items():
                self.types[short(name)][field] = self.type_of(schema)

    def type_of(self, schema: dict[str, Any]) -> Any:
        """Return the type of a field."""
        if reference := schema.get("$ref"):
            name = reference.rpartition("/")[2]
            last = name.rpartition(".")[2]
            plain = {
                "IntOrString": "intstr",
                "Quantity": "quantity",
                "Time": "string",
                "MicroTime": "string",
                "FieldsV1": "any",
                "RawExtension": "any",
            }
            if last in plain:
                return plain[last]
            self.visit(name)
            return f".{short(name)}"
        kinds = schema.get("type")
        kind = next((k for k in kinds if k != "null"), "any") if isinstance(kinds, list) else kinds
        if kind == "array":
            return ["list", self.type_of(schema["items"])]
        if kind == "object":
            more = schema.get("additionalProperties")
            return ["map", self.type_of(more)] if more else "any"
        return kind or "any"


def short(name: str) -> str:
    """``io.k8s.api.core.v1.Pod`` as ``core.v1.Pod``."""
    for prefix in ("io.k8s.apimachinery.pkg.apis.meta.", "io.k8s.apimachinery.pkg.", "io.k8s.api."):
        name = name.removeprefix(prefix)
    return name


def main() -> None:
    """Write the file."""
    version = sys.argv[1]
    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    content = json.loads((folder / f"v{version}-local" / "_definitions.json").read_text())
    compactor = Compactor(content.get("$defs", content))
    kinds = dict(compactor.kinds())
    lines = [f' "{name}": {json.dumps(fields)}' for name, fields in sorted(compactor.types.items())]
    values = [f' "{name}": {json.dumps(given)}' for name, given in sorted(VALUES.items())]
    TARGET.write_text(
        f'{{"from": "Kubernetes {version}",\n'
        + f'"kinds": {json.dumps(kinds, sort_keys=True, indent=1)},\n'
        + '"types": {\n' + ",\n".join(lines) + "\n},\n"
        + '"values": {\n' + ",\n".join(values) + "\n}}\n"
    )  # fmt: skip
    unknown = {name for name in VALUES if not known(compactor.types, name)}
    if unknown:
        sys.exit(f"error: values of unknown fields: {', '.join(sorted(unknown))}")


def known(types: dict[str, dict[str, Any]], name: str) -> bool:
    """Whether ``type.field`` exists."""
    kind, _, field = name.rpartition(".")
    return field in types.get(kind, {})


if __name__ == "__main__":
    main()
