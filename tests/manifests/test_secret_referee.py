# SPDX-License-Identifier: Apache-2.0
"""Secrets in ConfigMaps, compared with what checkov's detectors find in the same files."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from flinksec_jobs.manifests import check, load
from tests.patience import PATIENCE
from tests.unit.manifests.test_secret_texts import NO_SECRETS, SECRETS


def _config_map(name: str, key: str, content: str) -> str:
    data = {key.replace("/", "_"): content}
    metadata = {"name": name, "namespace": "a"}
    return json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}, indent=1
    )


def test_checkov_finds_no_secret_that_we_do_not(tmp_path: Path) -> None:
    ours: set[str] = set()
    for index, case in enumerate([*SECRETS.values(), *NO_SECRETS.values()]):
        name = f"c{index}.json"
        content = _config_map(name, *case)
        (tmp_path / name).write_text(content)
        if any(one.id == "secret-in-config-map" for one in check(load([(name, content)]))):
            ours.add(name)
    tools = os.environ.get("FLINKSEC_MANIFEST_TOOLS")
    assert tools, "FLINKSEC_MANIFEST_TOOLS=$(scripts/manifest_tools.sh) is not set"
    done = subprocess.run(
        [Path(tools) / "checkov", "--directory", tmp_path, "--framework", "secrets",
         "--skip-download", "--quiet", "--compact", "--output", "json"],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    failed = json.loads(done.stdout)["results"]["failed_checks"]
    theirs = {Path(one["file_path"]).name for one in failed}
    # A hash that says whether a Secret has changed looks random to it.
    allowed = {f"c{len(SECRETS) + [*NO_SECRETS].index('a sum')}.json"}
    assert theirs & ours
    assert theirs <= ours | allowed
    assert len(ours) == len(SECRETS)
