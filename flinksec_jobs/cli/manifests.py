# SPDX-License-Identifier: Apache-2.0
"""``flinksec manifests``: render overlays, and check rendered Kubernetes YAML."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from flinksec_jobs import manifests as manifests_
from flinksec_jobs.cli import findings_output
from flinksec_jobs.cli.exit_codes import ExitCode, leave, leave_unless
from flinksec_jobs.cli.output import put, say, say_json
from flinksec_jobs.cli.read_stdin import STANDARD_INPUT, read_stdin
from flinksec_jobs.errors import ManifestError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.findings import SEVERITIES, Finding, Severity

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
@click.option(
    "--severity",
    type=click.Choice(SEVERITIES),
    default=SEVERITIES[-1],
    help="Show what is at least as bad. Default: everything.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.option("--no-skip", is_flag=True, help="Ignore the annotations that turn rules off.")
def check(
    files: tuple[Path, ...],
    *,
    as_json: bool,
    matrix: bool,
    severity: Severity,
    strict: bool,
    no_skip: bool,
) -> None:
    """Check rendered YAML in FILES, or on standard input (-).

    All files together are one deployment. Each finding has an id, the object, the field, the reason
    and the fix. The annotation skip.flinksec.org/ID on an object, with the reason as its value,
    turns the rule ID off for it: what that hides is shown too.

    Exit code 1 if there is a problem (with --strict: or a warning), 3 if a file could not be read;
    the others are checked all the same.

    Probes, requests and limits are not looked at: checkov does (CKV_K8S_8 to 13). What a cluster
    refuses, by restricted Pod Security too, `kubectl apply --dry-run=server` asks it.
    """
    loaded, unread = _load(files or (Path(_STDIN),))
    done = manifests_.checked(loaded, skip=not no_skip)
    flows = manifests_.matrix(loaded) if matrix else []
    worst = SEVERITIES[: SEVERITIES.index(severity) + 1]
    found = [one for one in [*unread, *done.findings] if one.severity in worst]
    if as_json:
        result: dict[str, object] = {
            "objects": len(loaded.objects),
            "not_looked_at": len(_unknown(loaded)),
            "files_unread": len(unread),
            "findings": findings_output.as_dicts(found),
            "skipped": [
                one.as_dict() | {"reason": reason_given} for one, reason_given in done.skipped
            ],
        }
        if matrix:
            result["matrix"] = [flow.as_dict() for flow in flows]
        say_json(result)
    else:
        for line in manifests_.table(flows):
            say(line)
        findings_output.show(found)
        for one, reason_given in done.skipped:
            say(f"skipped: {one} [{one.id}]")
            say(f"  reason: {reason_given}")
        say(_summary(loaded, unread, done), err=True)
    if unread:
        leave(ExitCode.UNREAD)
    leave_unless(not strict or not done.findings)
    leave(findings_output.exit_code(done.findings))


def _unknown(loaded: manifests_.Manifests) -> list[object]:
    return [entry for entry in loaded.objects if entry.type is None]


def _summary(
    loaded: manifests_.Manifests, unread: Sequence[Finding], done: manifests_.Checked
) -> str:
    """Return one line that also counts what was not looked at."""
    unknown = len(_unknown(loaded))
    parts = [
        f"{findings_output.counted([*unread, *done.findings])} in {len(loaded.objects)} objects",
        *([f"{len(done.skipped)} skipped by annotations"] if done.skipped else []),
        *([f"{unknown} of unknown kinds not checked"] if unknown else []),
        *([f"{len(unread)} file{'s' * (len(unread) != 1)} not read"] if unread else []),
    ]
    return "; ".join(parts)


@manifests.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rules(as_json: bool) -> None:
    """List the rules of `flinksec manifests check`."""
    if as_json:
        listed = {
            name: {"severity": one.kind.severity, "why": one.why, "fix": one.fix}
            for name, one in manifests_.RULES.items()
        }
        say_json(listed)
        return
    for name, rule in manifests_.RULES.items():
        say(f"{name} ({rule.kind.severity}): {rule.why}")
        say(f"    fix: {rule.fix}")


def _load(files: Sequence[Path]) -> tuple[manifests_.Manifests, list[Finding]]:
    loaded, unread = manifests_.load_all(
        (STANDARD_INPUT, read_stdin)
        if str(path) == _STDIN
        else (escaped(path), partial(manifests_.text_of, path))
        for path in files
    )
    if not loaded.objects and not unread:
        raise ManifestError(
            "there is no Kubernetes object to check", hint="name files, or pipe YAML into it"
        )
    return loaded, unread
