# SPDX-License-Identifier: Apache-2.0
"""An overlay as a version of a job: rendered, checked as `flinksec manifests check` does, read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flinksec_jobs import manifests
from flinksec_jobs.deploy.job_version import Version, version_of
from flinksec_jobs.deploy.step_errors import RefusedError
from flinksec_jobs.errors import ManifestError
from flinksec_jobs.findings import Finding

STANDARD_INPUT = "-"
_SHOWN = 5


def version_in(
    overlay: str, stdin: Callable[[], str], tell: Callable[[str], None] = lambda _: None
) -> Version:
    """Return the version in a folder, in a file of rendered YAML, or on standard input.

    Args:
        overlay: the path; ``-`` for standard input.
        stdin: reads standard input.
        tell: gets a line for each warning.

    Raises:
        ManifestError: it cannot be rendered or read.
        RefusedError: `flinksec manifests check` has a problem with it.
        DeployError: it is no job of ours.
    """
    loaded = manifests.load([(overlay, _text(overlay, stdin))])
    if not loaded.objects:
        raise ManifestError(
            f"there is no Kubernetes object in {overlay}",
            hint="name the folder of an overlay, a file of rendered YAML, or - for standard input",
        )
    found = manifests.check(loaded)
    problems = [one for one in found if one.severity == "problem"]
    for one in found:
        if one not in problems:
            tell(f"warning: {one}")
    if problems:
        raise RefusedError(
            f"{len(problems)} problems in {overlay}: {_listed(problems)}",
            hint="`flinksec manifests render OVERLAY | flinksec manifests check -` shows each with "
            "what to do",
            findings=problems,
        )
    return version_of([one.content for one in loaded.objects])


def _text(overlay: str, stdin: Callable[[], str]) -> str:
    if overlay == STANDARD_INPUT:
        return stdin()
    path = Path(overlay)
    if not overlay or "://" in overlay or path.name in manifests.KUSTOMIZATIONS:
        raise ManifestError(
            f"the overlay {overlay!r} is neither a folder nor a file of rendered YAML",
            hint="name the folder itself, which is on this machine"
            if overlay
            else "name it: . for the folder where you are",
        )
    return manifests.render(path) if path.is_dir() else manifests.text_of(path)


def _listed(problems: list[Finding]) -> str:
    shown = "; ".join(f"{one} [{one.id}]" for one in problems[:_SHOWN])
    more = len(problems) - _SHOWN
    return f"{shown}; and {more} more" if more > 0 else shown
