# SPDX-License-Identifier: Apache-2.0
"""The overlays: our own check, two referees, and what they say against the settings."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from flinksec_jobs.cluster import flink_conf
from flinksec_jobs.manifests import check, load, render
from flinksec_jobs.sandbox import realm
from flinksec_jobs.sandbox.job_settings import IN_CONTAINER, settings_toml
from flinksec_jobs.sandbox.layout import Layout
from flinksec_jobs.sandbox.ports import WELL_KNOWN
from flinksec_jobs.sandbox.sandbox import USUAL
from flinksec_jobs.settings import load_settings
from tests.manifests.conftest import filled
from tests.manifests.documents import read

Rendered = Callable[[str], str]
KUBERNETES = Path(__file__).parents[2] / "docker" / "kubernetes"
OVERLAYS = ("example", "minikube")
COMPONENTS = sorted(path.name for path in (KUBERNETES / "components").iterdir())
# What kubernetes-validate has no schema for; custom_kinds.json has.
CUSTOM = {
    "Certificate",
    "Issuer",
    "PodMonitor",
    "PrometheusRule",
    "AuthorizationPolicy",
    "PeerAuthentication",
}
# Checkov's id, and why our manifests do not follow it.
CHECKOV_SKIPS = {
    "minikube": {
        "CKV_K8S_14": "images are built on the spot and loaded into the node: no digest",
        "CKV_K8S_15": "and are never pulled",
        "CKV_K8S_43": "as above",
    },
    "example": {},
}


def _tool(name: str) -> str:
    directory = os.environ.get("FLINKSEC_MANIFEST_TOOLS")
    assert directory, "FLINKSEC_MANIFEST_TOOLS=$(scripts/manifest_tools.sh) is not set"
    return str(Path(directory) / name)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_our_own_check_finds_nothing(overlay: str, overlay_yaml: Rendered) -> None:
    assert check(load([(overlay, filled(overlay_yaml(overlay)))])) == []


def test_until_its_placeholders_are_replaced_the_example_is_not_fit_for_use(
    overlay_yaml: Rendered,
) -> None:
    found = check(load([("example", overlay_yaml("example"))]))
    assert {finding.id for finding in found} == {"placeholder"}
    fields = {str(finding.where.field).partition("  ")[0] for finding in found}
    assert fields >= {
        "data[settings.toml]",
        "data[krb5.conf]",
        "data[config.yaml]",
        "spec.nfs.server",
        "spec.egress[0].to[0].ipBlock.cidr",
        "spec.template.spec.containers[0].image",
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_own_schemas_take_it(
    overlay: str, overlay_yaml: Rendered, tmp_path: Path
) -> None:
    file = tmp_path / "rendered.yaml"
    file.write_text(overlay_yaml(overlay))
    done = subprocess.run(
        [_tool("kubernetes-validate"), "--strict", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (done.stdout + done.stderr).splitlines()
    documents = read(overlay_yaml(overlay))
    known = [one for one in documents if one["kind"] not in CUSTOM]
    assert done.returncode == 0, lines
    assert len([line for line in lines if line.startswith("INFO")]) == len(known)
    warned = [line for line in lines if not line.startswith("INFO")]
    assert len(warned) == len(documents) - len(known)
    assert all(any(f"kind {kind} " in line for kind in CUSTOM) for line in warned)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_checkov_finds_nothing_that_is_not_explained(
    overlay: str, overlay_yaml: Rendered, tmp_path: Path
) -> None:
    file = tmp_path / "rendered.yaml"
    file.write_text(overlay_yaml(overlay))
    done = subprocess.run(
        [_tool("checkov"), "-f", str(file), "--framework", "kubernetes", "--skip-download",
         "--output", "json"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    results = json.loads(done.stdout)["results"]
    failed = {check["check_id"] for check in results["failed_checks"]}
    assert failed == CHECKOV_SKIPS[overlay].keys()
    assert len(results["passed_checks"]) > 100
    assert results["skipped_checks"] == []


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_is_switched_on_by_one_line(name: str, tmp_path: Path) -> None:
    """Beside the base; with what it says that it needs."""
    needs = {
        "hdfs": ["kerberos"],
        "istio": ["deployer", "proxy"],
        "savepoints": ["deployer"],
    }.get(name, [])

    # Kustomize takes no absolute folder.
    def relative(part: str) -> str:
        return os.path.relpath(KUBERNETES / part, tmp_path)

    (tmp_path / "krb5.conf").write_text("[realms]\nX = {\n kdc = kdc.example.com\n}\n")
    content = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [relative("base")],
        "components": [relative(f"components/{one}") for one in [*needs, name]],
        "configMapGenerator": [
            {
                "name": "krb5",
                "files": ["krb5.conf"],
                "options": {"disableNameSuffixHash": True},
            }
        ],
        "images": [{"name": "flink-job", "newName": "job", "digest": "sha256:" + "0" * 64}],
    }
    with (tmp_path / "kustomization.yaml").open("w") as file:
        YAML().dump(content, file)
    assert check(load([(name, filled(render(tmp_path)))])) == []


@pytest.mark.parametrize(
    "folder", ["base", "overlays/example", "overlays/minikube/job"], ids=lambda name: name
)
def test_config_yaml_is_what_the_settings_say(folder: str) -> None:
    """`flinksec cluster conf --settings settings.toml > config.yaml` changes nothing."""
    settings = load_settings(KUBERNETES / folder / "settings.toml")
    expected = flink_conf.as_yaml(flink_conf.config(settings))
    assert (KUBERNETES / folder / "config.yaml").read_text() == expected


def test_minikube_has_the_settings_that_the_sandbox_gives(tmp_path: Path) -> None:
    layout = Layout(tmp_path, host="sandbox.sandbox.svc.cluster.local", bind="0.0.0.0")
    folder = KUBERNETES / "overlays" / "minikube" / "job"
    given = settings_toml(layout, WELL_KNOWN, USUAL, IN_CONTAINER)
    ours = (folder / "settings.toml").read_text()
    assert ours.partition("\n")[2].startswith(given)
    assert ours.removeprefix(ours.partition("\n")[0] + "\n" + given).startswith("\n[cluster]\n")
    realm.write_krb5_conf(layout, WELL_KNOWN["kdc"])
    assert (folder / "krb5.conf").read_text() == layout.krb5_conf.read_text()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_there_is_no_secret_in_it_and_each_is_mounted_as_a_file(
    overlay: str, overlay_yaml: Rendered
) -> None:
    documents = read(overlay_yaml(overlay))
    assert not [one for one in documents if one["kind"] == "Secret"]
    assert "secretKeyRef" not in overlay_yaml(overlay)
    assert "secretRef" not in overlay_yaml(overlay)
    assert "secretName: flink-state-keys" in overlay_yaml(overlay)
