# SPDX-License-Identifier: Apache-2.0
"""Overlays to YAML, by kustomize: no template language of our own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from os import environ
from pathlib import Path

from flinksec_jobs.errors import ManifestError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import reason

KUSTOMIZE = "FLINKSEC_KUSTOMIZE"
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What a folder for kustomize has one of, by the names that kustomize knows."""


def render(overlay: Path, environment: Mapping[str, str] = environ) -> str:
    """Return what kustomize makes of a folder.

    It is done by the program that ``FLINKSEC_KUSTOMIZE`` names, else by ``kubectl kustomize``,
    else by ``kustomize build``.

    Raises:
        ManifestError: there is no such program, or the folder cannot be rendered.
    """
    if not overlay.is_dir():
        raise ManifestError(f"{overlay} is no folder", hint="name the folder of an overlay")
    if not any((overlay / name).is_file() for name in KUSTOMIZATIONS):
        raise ManifestError(
            f"{overlay} has none of {', '.join(KUSTOMIZATIONS)}",
            hint="name the folder of an overlay, such as docker/kubernetes/overlays/example",
        )
    program = _program(environment)
    try:
        done = subprocess.run(
            [*program, str(overlay)], capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise ManifestError(
            f"{escaped(program[0])} cannot be run: {reason(error)}",
            hint=f"{KUSTOMIZE} names the program kustomize itself",
        ) from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ManifestError(
            f"kustomize cannot render {overlay}: {said[-1] if said else 'it said nothing'}"
        )
    if not done.stdout.strip():
        raise ManifestError(
            f"kustomize makes nothing of {overlay}", hint="name its resources in the kustomization"
        )
    return done.stdout


def _program(environment: Mapping[str, str]) -> list[str]:
    path = environment.get("PATH")
    if chosen := environment.get(KUSTOMIZE):
        return [chosen, "build"]
    if kubectl := shutil.which("kubectl", path=path):
        return [kubectl, "kustomize"]
    if kustomize := shutil.which("kustomize", path=path):
        return [kustomize, "build"]
    raise ManifestError(
        "there is neither kubectl nor kustomize to render an overlay",
        hint=f"install one of them, or name a kustomize in {KUSTOMIZE}; in a checkout "
        "scripts/kustomize.sh builds one where Go is",
    )
