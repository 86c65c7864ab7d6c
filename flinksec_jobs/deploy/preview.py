# SPDX-License-Identifier: Apache-2.0
"""What a deployment would change: the API server's own answer to a dry run, as a diff."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.leg import job_id_of
from flinksec_jobs.deploy.live import cleaned
from flinksec_jobs.deploy.objects_applied import ObjectsApplied
from flinksec_jobs.deploy.outside import FIELD_MANAGER, ApiServer, KubeObject, Ref
from flinksec_jobs.deploy.owned_fields import without_left_out
from flinksec_jobs.yaml_writing import yaml_text


@dataclass(frozen=True)
class Change:
    """What would become of an object.

    Attributes:
        what: which object.
        how: ``new``, ``changed``, or ``not looked at``: the account may not change it.
        diff: lines, as `diff -u` has them.
    """

    what: Ref
    how: str
    diff: tuple[str, ...] = ()


def preview(api: ApiServer, objects: ObjectsApplied, version: Version) -> Iterator[Change]:
    """Yield what a version would change; nothing for what stays as it is.

    Raises:
        DeployError: the API server would not take an object.
    """
    job = api.get(Ref.of(version.job))
    # The ids of a start are no change.
    version = version.started(job_id_of(job) if job else "0" * 32, "")
    ours = {Ref.of(one) for one in objects.ours(version)}
    for one in version.objects:
        what = Ref.of(one)
        if one is version.job:
            after = objects.dry_run_job(version)
        elif what in ours or one is version.taskmanagers:
            after = api.apply(one, dry_run=True)
        else:
            yield Change(what, "not looked at")
            continue
        before = api.get(what)
        if before is None:
            yield Change(what, "new")
            continue
        if one is not version.job and one["kind"] != "ConfigMap":
            after = without_left_out(after, before, one, FIELD_MANAGER)
        diff = tuple(_diff(before, after, str(what)))
        if diff:
            yield Change(what, "changed", diff)


def _diff(before: KubeObject, after: KubeObject, name: str) -> Iterator[str]:
    now, then = _text(before), _text(after)
    yield from difflib.unified_diff(now, then, f"{name} now", f"{name} then", n=2, lineterm="")


def _text(content: KubeObject) -> list[str]:
    plain = json.loads(json.dumps(cleaned(content)))
    if plain["kind"] == "Job":
        container = plain["spec"]["template"]["spec"]["containers"][0]
        starts = ("--job-id", "--from-savepoint")
        container["args"] = [
            one for one in container.get("args") or [] if not one.startswith(starts)
        ]
    return yaml_text([plain]).splitlines()
