# SPDX-License-Identifier: Apache-2.0
"""The overlay of a new job: the example's, with what the job does not use left out.

What is left out stays as a comment: it says what there is, and how it is put in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from flinksec_jobs.cluster import flink_conf
from flinksec_jobs.settings import load_settings

# Component, and what it needs of a cluster or of the job.
_LEFT_OUT = {
    "hdfs": "for [hdfs] in settings.toml; its addresses are at the end of addresses.yaml",
    "savepoints": "savepoints every six hours, and the removal of old ones",
    "monitoring": "the Prometheus operator; docs/kubernetes.md has the settings that go with it",
    "cert-manager": "makes the TLS Secrets, which `flinksec certs create` makes otherwise",
    "istio": "a mesh, with its CNI plugin",
    "admission": "holds pods to known images, commands and Secrets; needs rights on the cluster",
}
_SETTINGS_LEFT_OUT = ("hdfs", "cluster.metrics")
_POLICY_LEFT_OUT = "egress-hdfs"


def simplify(overlay: Path) -> None:
    """Leave out of a copy of the example's overlay what a new job does not need.

    Args:
        overlay: the folder of the copy, whose names are the new job's already.
    """
    _edit(overlay / "kustomization.yaml", _without_components)
    _edit(overlay / "addresses.yaml", _without_policy)
    _edit(overlay / "settings.toml", _without_sections)
    # Derived from the settings, as `flinksec cluster conf` does it.
    settings = load_settings(overlay / "settings.toml", environ={})
    text = flink_conf.as_yaml(flink_conf.config(settings))
    (overlay / "config.yaml").write_text(text, "utf-8")


def _edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text("utf-8")), "utf-8")


def _without_components(text: str) -> str:
    lines = []
    width = max(map(len, _LEFT_OUT))
    for line in text.splitlines():
        name = line.removeprefix("- ../../components/")
        if name in _LEFT_OUT:
            lines.append(f"{'# ' + line:{width + 23}}  # {_LEFT_OUT[name]}")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _without_policy(text: str) -> str:
    documents = text.split("---\n")
    kept = [one for one in documents if f"name: {_POLICY_LEFT_OUT}\n" not in one]
    left_out = [one for one in documents if one not in kept]
    commented = ["".join(f"# {line}\n" for line in one.splitlines()) for one in left_out]
    return "---\n".join(kept) + "".join(f"# ---\n{one}" for one in commented)


def _without_sections(text: str) -> str:
    for name in _SETTINGS_LEFT_OUT:
        text = re.sub(rf"(?m)(?:^#.*\n)*^\[{re.escape(name)}\]\n(?:[^\[#\n].*\n|\n)*", "", text)
    return text.rstrip("\n") + "\n"
