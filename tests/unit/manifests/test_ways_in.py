# SPDX-License-Identifier: Apache-2.0
"""Ingress and routes, the mesh, volumes of the node, tokens, images."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from flinksec_jobs.manifests import Manifests, check
from flinksec_jobs.manifests.kube.objects import Object

_NGINX = "nginx.ingress.kubernetes.io"
_API = {
    "Ingress": "networking.k8s.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "TLSRoute": "gateway.networking.k8s.io/v1alpha2",
    "Route": "route.openshift.io/v1",
    "VirtualService": "networking.istio.io/v1",
    "AuthorizationPolicy": "security.istio.io/v1",
    "PeerAuthentication": "security.istio.io/v1",
    "StorageClass": "storage.k8s.io/v1",
}


def _object(kind: str, name: str, content: dict[str, Any], **metadata: Any) -> Object:
    described = {"name": name, "namespace": "a", **metadata}
    api = _API.get(kind, "v1")
    return Object({"apiVersion": api, "kind": kind, "metadata": described, **content})


def _pod(
    spec: Mapping[str, Any] = MappingProxyType({}), labels: Mapping[str, str] = MappingProxyType({})
) -> Object:
    container: dict[str, Any] = {"name": "c", "image": "flink:2.2.1", "args": ["standalone-job"]}
    return _object(
        "Pod", "jm", {"spec": {"containers": [container], **spec}},
        labels={"app": "jm", **labels},
    )  # fmt: skip


SERVICE = _object("Service", "rest", {"spec": {"selector": {"app": "jm"}, "ports": [{"port": 80}]}})


def _ingress(
    tls: list[dict[str, Any]] | None = None,
    *,
    annotations: Mapping[str, str] = MappingProxyType({}),
) -> Object:
    backend = {"service": {"name": "rest", "port": {"number": 80}}}
    rule = {"host": "ui.corp", "http": {"paths": [{"path": "/", "backend": backend}]}}
    named = {f"{_NGINX}/{name}": value for name, value in annotations.items()}
    return _object("Ingress", "i", {"spec": {"rules": [rule], "tls": tls or []}}, annotations=named)


def _found(*objects: Object) -> dict[str, str]:
    return {one.id: one.why for one in check(Manifests(list(objects)))}


def test_an_ingress_to_rest_lets_everybody_run_jobs() -> None:
    assert "flink-ingress" in _found(_pod(), SERVICE, _ingress())


@pytest.mark.parametrize("annotations", [
    {"auth-tls-secret": "a/ca"},
    {"auth-tls-secret": "a/ca", "auth-tls-verify-client": "on"},
    {"auth-type": "basic", "auth-secret": "users"},
    {"auth-url": "https://sso.corp/check"},
])  # fmt: skip
def test_an_ingress_that_asks_who_it_is_may_lead_to_rest(annotations: dict[str, str]) -> None:
    assert "flink-ingress" not in _found(_pod(), SERVICE, _ingress(annotations=annotations))


@pytest.mark.parametrize("annotations", [
    {"auth-tls-secret": "a/ca", "auth-tls-verify-client": "optional_no_ca"},
    {"auth-type": "basic"},
    {"backend-protocol": "HTTPS", "proxy-ssl-secret": "a/client"},
])  # fmt: skip
def test_half_an_authentication_is_none(annotations: dict[str, str]) -> None:
    assert "flink-ingress" in _found(_pod(), SERVICE, _ingress(annotations=annotations))


def test_a_client_certificate_that_the_controller_shows_for_everybody_is_said() -> None:
    found = _found(_pod(), SERVICE, _ingress(annotations={"proxy-ssl-secret": "a/client"}))
    assert "certificate to everybody" in found["flink-ingress"]


@pytest.mark.parametrize(("kind", "spec"), [
    ("HTTPRoute", {"rules": [{"backendRefs": [{"name": "rest", "port": 80}]}]}),
    ("TLSRoute", {"rules": [{"backendRefs": [{"name": "rest", "namespace": "a"}]}]}),
    ("Route", {"to": {"kind": "Service", "name": "rest"}}),
    ("VirtualService", {"http": [{"route": [{"destination": {"host": "rest.a.svc"}}]}]}),
])  # fmt: skip
def test_other_ways_in_are_followed_too(kind: str, spec: dict[str, Any]) -> None:
    assert "flink-ingress" in _found(_pod(), SERVICE, _object(kind, "r", {"spec": spec}))


@pytest.mark.parametrize(("tls", "clear"), [
    ([], True),
    ([{"hosts": ["other.corp"], "secretName": "s"}], True),
    ([{"hosts": ["ui.corp"], "secretName": "s"}], False),
    ([{"hosts": ["*.corp"], "secretName": "s"}], False),
])  # fmt: skip
def test_an_ingress_without_tls_for_a_host_is_said(tls: list[dict[str, Any]], clear: bool) -> None:
    assert ("ingress-clear" in _found(_ingress(tls))) is clear


def test_a_snippet_in_an_ingress_is_said() -> None:
    assert "ingress-snippet" in _found(_ingress(annotations={"configuration-snippet": "deny all;"}))


def _namespace(**labels: str) -> Object:
    return Object({"apiVersion": "v1", "kind": "Namespace",
                   "metadata": {"name": "a", "labels": labels}})  # fmt: skip


@pytest.mark.parametrize(("labels", "own", "inside"), [
    ({"istio-injection": "enabled"}, {}, True),
    ({"istio.io/rev": "canary"}, {}, True),
    ({"istio.io/dataplane-mode": "ambient"}, {}, True),
    ({}, {"sidecar.istio.io/inject": "true"}, True),
    ({"istio-injection": "enabled"}, {"sidecar.istio.io/inject": "false"}, False),
    ({"istio-injection": "disabled"}, {}, False),
    ({"istio.io/dataplane-mode": "ambient"}, {"istio.io/dataplane-mode": "none"}, False),
    ({}, {}, False),
])  # fmt: skip
def test_a_pod_is_in_the_mesh_by_its_own_label_or_its_namespaces(
    labels: dict[str, str], own: dict[str, str], inside: bool
) -> None:
    assert ("mesh-default" in _found(_namespace(**labels), _pod(labels=own))) is inside


@pytest.mark.parametrize(("source", "everyone"), [
    ({"namespaces": ["*"]}, True),
    ({"principals": ["*"]}, True),
    ({"principals": ["cluster.local/ns/a/sa/x", "*"]}, True),
    ({"notNamespaces": ["b"]}, True),
    ({"namespaces": ["b"]}, False),
    ({"namespaces": ["*"], "principals": ["cluster.local/ns/a/sa/x"]}, False),
])  # fmt: skip
def test_a_star_in_the_meshs_policy_is_everybody(source: dict[str, Any], everyone: bool) -> None:
    policy = _object(
        "AuthorizationPolicy", "p", {"spec": {"rules": [{"from": [{"source": source}]}]}}
    )
    assert ("mesh-everyone" in _found(policy)) is everyone


@pytest.mark.parametrize("spec", [
    {"hostPath": {"path": "/"}},
    {"local": {"path": "/mnt/disk"}},
    {"csi": {"driver": "hostpath.csi.k8s.io"}},
])  # fmt: skip
def test_a_persistent_volume_of_the_node_is_said(spec: dict[str, Any]) -> None:
    assert "volume-node-path" in _found(_object("PersistentVolume", "v", {"spec": spec}))


def test_a_class_that_makes_directories_of_the_node_is_said() -> None:
    assert "volume-node-path" in _found(
        _object("StorageClass", "c", {"provisioner": "rancher.io/local-path"})
    )


@pytest.mark.parametrize(("of_pod", "of_account", "token"), [
    (None, False, False), (None, None, True), (True, False, True), (False, True, False),
])  # fmt: skip
def test_the_account_may_refuse_the_token_where_the_pod_says_nothing(
    of_pod: bool | None, of_account: bool | None, token: bool
) -> None:
    account = _object("ServiceAccount", "s", {"automountServiceAccountToken": of_account})
    pod = _pod({"serviceAccountName": "s", "automountServiceAccountToken": of_pod})
    assert ("pod-token" in _found(account, pod)) is token


@pytest.mark.parametrize(("reference", "fine"), [
    ("x@sha256:" + "ab" * 32, True), ("x:1@sha512:" + "ab" * 64, True),
    ("x:1", False), ("x@sha256:ab", False), ("x@sha512:" + "ab" * 32, False),
])  # fmt: skip
def test_images_also_those_of_volumes_are_named_by_digest(reference: str, fine: bool) -> None:
    container: dict[str, Any] = {"name": "c", "image": "x@sha256:" + "ab" * 32}
    volume = {"name": "v", "image": {"reference": reference}}
    pod = _object("Pod", "p", {"spec": {"containers": [container], "volumes": [volume]}})
    found = _found(pod)
    assert "pss-volume-type" not in found
    assert ("image-digest" not in found) is fine


@pytest.mark.parametrize(("source", "wide"), [
    ({"secretName": "s"}, True),
    ({"secretName": "s", "defaultMode": 0o440}, False),
    ({"secretName": "s", "defaultMode": 0o440, "items": [{"key": "k", "mode": 0o444}]}, True),
    ({"secretName": "s", "defaultMode": 0o444, "items": [{"key": "k", "mode": 0o440}]}, False),
    ({"secretName": "s", "defaultMode": 0o444, "items": [{"key": "k"}]}, True),
])  # fmt: skip
def test_the_mode_of_an_item_wins_over_that_of_the_volume(
    source: dict[str, Any], wide: bool
) -> None:
    pod = _pod({"volumes": [{"name": "s", "secret": source}]})
    assert ("secret-mode" in _found(pod)) is wide


def test_secrets_are_found_wherever_they_stand_in_an_object() -> None:
    pod = _pod({
        "initContainers": [{"name": "i", "env": [{"name": "DB_PASSWORD", "value": "tr0ub4dor"}]}],
        "containers": [{
            "name": "c",
            "command": ["app"], "args": ["--token", "tr0ub4dor"],
            "lifecycle": {"preStop": {"exec": {"command": ["stop", "--password=tr0ub4dor"]}}},
            "readinessProbe": {"httpGet": {"httpHeaders": [
                {"name": "Authorization", "value": "Basic YWxpY2U6dHIwdWI0ZG9y"}]}},
        }],
        "volumes": [{"name": "v", "csi": {"volumeAttributes": {"password": "tr0ub4dor"}}}],
    })  # fmt: skip
    found = check(Manifests([pod]))
    fields = {str(one.where.field) for one in found if one.id.startswith("secret-")}
    assert fields >= {
        "spec.initContainers[0].env[0].value",
        "spec.containers[0].args",
        "spec.containers[0].lifecycle.preStop.exec.command",
        "spec.containers[0].readinessProbe.httpGet.httpHeaders[0].value",
        "spec.volumes[0].csi.volumeAttributes.password",
    }
    assert not any("tr0ub4dor" in str(one) for one in found)


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16", "latin-1"])
def test_a_secret_in_a_text_of_another_coding_is_found(coding: str) -> None:
    content = base64.b64encode("# é\npassword=tr0ub4dor\n".encode(coding)).decode()
    found = _found(_object("ConfigMap", "c", {"binaryData": {"a.conf": content}}))
    assert "secret-in-config-map" in found


def test_a_later_option_of_nfs_that_takes_the_first_back_is_said() -> None:
    spec = {"nfs": {"server": "nfs", "path": "/a"}}
    for options, wrong in ((["hard", "nosuid", "nodev"], False),
                           (["hard", "nosuid", "nodev", "suid"], True)):  # fmt: skip
        volume = _object("PersistentVolume", "v", {"spec": spec | {"mountOptions": options}})
        assert ("volume-nfs-options" in _found(volume)) == wrong
