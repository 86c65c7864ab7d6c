# SPDX-License-Identifier: Apache-2.0
"""``flinksec manifests``: render overlays, and check rendered Kubernetes YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from flinksec_jobs import manifests as manifests_
from flinksec_jobs.cli import findings_output
from flinksec_jobs.cli.exit_codes import leave
from flinksec_jobs.cli.output import put, say, say_json
from flinksec_jobs.errors import ManifestError
from flinksec_jobs.files import MANIFEST, bounded, decoded, reason, standard_input

_STDIN = "-"


@click.group()
def manifests() -> None:
    """Render and check Kubernetes manifests."""


@manifests.command()
@click.argument("overlay", type=click.Path(file_okay=False, path_type=Path))
def render(overlay: Path) -> None:
    """Print the YAML that kustomize makes of the folder OVERLAY."""
    put(manifests_.render(overlay))


@manifests.command()
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--matrix", is_flag=True, help="Print who may connect to what, according to the policies."
)
def check(files: tuple[Path, ...], as_json: bool, matrix: bool) -> None:
    """Check rendered YAML in FILES, or on standard input (-).

    All files together are one deployment. Each finding has an id, the object, the field, the reason
    and the fix. Exit code 1 if there is a problem. The annotation skip.flinksec.org/ID
    on an object, with the reason as its value, turns the rule ID off for it.

    Probes, requests and limits are not looked at: checkov does (CKV_K8S_8 to 13). What a cluster
    refuses, by restricted Pod Security too, `kubectl apply --dry-run=server` asks it.
    """
    loaded = _load(files or (Path(_STDIN),))
    found = manifests_.check(loaded)
    flows = manifests_.matrix(loaded) if matrix else []
    if as_json:
        result: dict[str, object] = {
            "objects": len(loaded.objects),
            "findings": findings_output.as_dicts(found),
        }
        if matrix:
            result["matrix"] = [flow.as_dict() for flow in flows]
        say_json(result)
    else:
        for line in manifests_.table(flows):
            say(line)
        findings_output.show(found)
        say(f"{findings_output.counted(found)} in {len(loaded.objects)} objects", err=True)
    leave(findings_output.exit_code(found))


@manifests.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rules(as_json: bool) -> None:
    """List the rules of `flinksec manifests check`."""
    if as_json:
        listed = {name: {"why": r.why, "fix": r.fix} for name, r in manifests_.RULES.items()}
        say_json(listed)
        return
    for name, rule in manifests_.RULES.items():
        say(f"{name}: {rule.why}")
        say(f"    fix: {rule.fix}")


def _stdin() -> str:
    try:
        content = bounded(standard_input(), MANIFEST, "standard input")
    except OSError as error:
        raise ManifestError(f"standard input cannot be read: {reason(error)}") from error
    return decoded(content, "standard input", error=ManifestError)


def _load(files: Sequence[Path]) -> manifests_.Manifests:
    sources = [
        ("standard input", _stdin()) if str(path) == _STDIN else manifests_.read(path)
        for path in files
    ]
    loaded = manifests_.load(sources)
    if not loaded.objects:
        raise ManifestError(
            "there is no Kubernetes object to check", hint="name files, or pipe YAML into it"
        )
    return loaded
