# SPDX-License-Identifier: Apache-2.0
"""Reading manifests, and the parts that rules are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from flinksec_jobs.errors import ManifestError
from flinksec_jobs.manifests import Manifests, check, load, read, render
from flinksec_jobs.manifests.kube.labels import matches, matches_map
from flinksec_jobs.manifests.kube.quantities import amount
from flinksec_jobs.settings.sizes import size_bytes


def _load(text: str) -> Manifests:
    return load([("some.yaml", text)])


def _ids(text: str) -> set[str]:
    return {finding.id for finding in check(_load(text))}


def test_numbers_and_words_are_read_as_kubernetes_reads_them() -> None:
    (entry,) = _load("{kind: K, apiVersion: v1, mode: 0440, yes: no}").objects
    assert entry.content["mode"] == 288
    assert list(map(repr, entry.content.items()))[-1] == "(True, False)"


def test_lists_of_objects_are_taken_apart() -> None:
    manifests = _load(
        "kind: List\napiVersion: v1\nitems:\n- {kind: Secret, apiVersion: v1, metadata: {name: a}}"
    )
    assert [str(entry) for entry in manifests.objects] == ["Secret/a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "some.yaml is not YAML: line 2: "),
        ("kind: Pod\nkind: Job", "some.yaml is not YAML: line 2: "),
        ("just a text", "is not a Kubernetes object: kind or apiVersion is missing"),
        ("kind: Pod", "is not a Kubernetes object: kind or apiVersion is missing"),
    ],
)
def test_what_is_no_manifest_is_refused(text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        _load(text + "\n")


def test_no_value_of_a_broken_file_is_printed() -> None:
    with pytest.raises(ManifestError) as refused:
        _load("kind: Secret\npassword: hunter2\npassword: hunter3\n")
    assert "hunter" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"missing\.yaml cannot be read"):
        read(tmp_path / "missing.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff")
    with pytest.raises(ManifestError, match="is not UTF-8 text"):
        read(tmp_path / "bytes.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "{kind: Pod, apiVersion: v1, metadata: 3, spec: [1]}",
        "{kind: Deployment, apiVersion: apps/v1, spec: {template: text}}",
        "{kind: Pod, apiVersion: v1, spec: {containers: {a: b}, volumes: [x, {configMap: 1}]}}",
        "{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, spec: {egress: [{to: 1}, 2]}}",
        "{kind: Role, apiVersion: rbac.authorization.k8s.io/v1, rules: [1, {verbs: get}]}",
        "{kind: ConfigMap, apiVersion: v1, data: {config.yaml: 'jobmanager: [', x: 1}}",
        "{kind: Service, apiVersion: v1, spec: {selector: [], ports: [{port: {}}]}}",
        "{kind: Job, apiVersion: batch/v1, spec: {podFailurePolicy: {rules: [1]}, template: {spec: "
        "{containers: [{args: [jobmanager], ports: [3], env: [x], volumeMounts: [y]}]}}}}",
    ],
)
def test_whatever_stands_in_a_field_check_answers_with_findings(text: str) -> None:
    assert _ids(text)


def test_pods_are_found_in_every_kind_of_workload() -> None:
    pod = "{spec: {hostPID: true, containers: []}}"
    kinds = {
        "v1 PodTemplate": f"template: {pod}",
        "v1 ReplicationController": f"spec: {{template: {pod}}}",
        "apps/v1 Deployment": f"spec: {{template: {pod}}}",
        "apps/v1 StatefulSet": f"spec: {{template: {pod}}}",
        "apps/v1 DaemonSet": f"spec: {{template: {pod}}}",
        "apps/v1 ReplicaSet": f"spec: {{template: {pod}}}",
        "batch/v1 Job": f"spec: {{template: {pod}}}",
        "batch/v1 CronJob": f"spec: {{jobTemplate: {{spec: {{template: {pod}}}}}}}",
        "v1 Pod": "spec: {hostPID: true, containers: []}",
    }
    for kind, content in kinds.items():
        api, _, name = kind.partition(" ")
        text = f"kind: {name}\napiVersion: {api}\nmetadata: {{name: x}}\n{content}\n"
        assert "pss-host-namespaces" in _ids(text), kind


@pytest.mark.parametrize("kind", ["initContainers", "containers", "ephemeralContainers"])
def test_every_kind_of_container_is_looked_at(kind: str) -> None:
    text = (
        "{kind: Pod, apiVersion: v1, metadata: {name: x}, spec: {"
        f"{kind}: [{{name: c, image: i, securityContext: {{privileged: true}}}}]}}}}"
    )
    (finding,) = (found for found in check(_load(text)) if found.id == "pss-privileged")
    assert finding.where.field == f"spec.{kind}[0].securityContext.privileged"
    assert finding.where.object == "default/Pod/x"


def test_selectors_match_as_the_api_server_does() -> None:
    labels = {"app": "a", "tier": "x"}
    assert matches({}, labels)
    assert matches({"matchLabels": {"app": "a"}}, labels)
    assert not matches({"matchLabels": {"app": "a", "other": "b"}}, labels)

    def expression(operator: str, *values: str, key: str = "app") -> bool:
        term = {"key": key, "operator": operator, "values": list(values)}
        return matches({"matchExpressions": [term]}, labels)

    assert expression("In", "a", "b")
    assert not expression("In", "b")
    assert expression("NotIn", "b")
    assert not expression("NotIn", "a")
    assert expression("NotIn", "a", key="missing")
    assert expression("Exists")
    assert not expression("Exists", key="missing")
    assert expression("DoesNotExist", key="missing")
    assert not expression("Typo", "a")
    assert not matches_map({}, labels)
    assert matches_map({"tier": "x"}, labels)


@pytest.mark.parametrize(
    ("quantity", "size"),
    [
        ("512Mi", 2**29),
        ("1G", 10**9),
        ("1.5Gi", 3 * 2**29),
        (1024, 1024),
        ("2k", 2000),
        ("x", None),
    ],
)
def test_quantities_are_bytes(quantity: object, size: int | None) -> None:
    assert amount(quantity) == size


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("1600m", 1600 * 2**20),
        ("2g", 2**31),
        ("2 gb", 2**31),
        ("64", 64),
        ("256b", 256),
        ("x", None),
    ],
)
def test_sizes_of_flink_are_bytes(size: str, expected: int | None) -> None:
    assert size_bytes(size) == expected


def test_a_folder_without_kustomization_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"has none of kustomization\.yaml, "):
        render(tmp_path)


def test_without_kubectl_and_kustomize_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").touch()
    with pytest.raises(ManifestError, match="neither kubectl nor kustomize") as refused:
        render(tmp_path, {"PATH": str(tmp_path)})
    assert "FLINKSEC_KUSTOMIZE" in str(refused.value.hint)


def test_what_kustomize_says_is_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").touch()
    program = tmp_path / "kustomize"
    program.write_text('#!/bin/sh\necho "Error: no such file: x.yaml" >&2\nexit 1\n')
    program.chmod(0o755)
    with pytest.raises(ManifestError, match=r"no such file: x\.yaml"):
        render(tmp_path, {"FLINKSEC_KUSTOMIZE": str(program), "PATH": "/usr/bin:/bin"})


def test_two_pods_whose_names_the_server_completes_are_two() -> None:
    pod = "{kind: Pod, apiVersion: v1, metadata: {generateName: run-}, spec: {}}\n---\n"
    found = {finding.id for finding in check(load([("pods", pod + pod)]))}
    assert not found & {"shape-duplicate", "shape-name"}


def test_the_same_name_in_two_api_groups_is_two_objects() -> None:
    ours = "{kind: Secret, apiVersion: v1, metadata: {name: x}}\n---\n"
    theirs = "{kind: Secret, apiVersion: ours/v1, metadata: {name: x}, data: {a: b}}"
    found = [finding.id for finding in check(load([("both", ours + theirs)]))]
    assert found == ["shape-unknown-kind"]


@pytest.mark.parametrize("between", ["", "\n", " \n\ufeff"])
def test_json_after_json_is_read_as_documents(between: str) -> None:
    one = '{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "%s"}}'
    found = load([("json", one % "a" + between + one % "b")])
    assert [entry.name for entry in found.objects] == ["a", "b"]


def test_a_name_that_stands_twice_in_json_is_refused() -> None:
    with pytest.raises(ManifestError, match="found duplicate key"):
        load([("json", '{"kind": "Pod", "apiVersion": "v1", "kind": "Secret"}')])


def test_a_mark_of_the_byte_order_may_begin_any_document() -> None:
    text = "\ufeffkind: ConfigMap\napiVersion: v1\n---\n\ufeffkind: ConfigMap\napiVersion: v1\n"
    assert [entry.kind for entry in load([("marks", text)]).objects] == ["ConfigMap", "ConfigMap"]
