# SPDX-License-Identifier: Apache-2.0
"""``flinksec logs``: what the processes of a job in a cluster have logged."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from flinksec_jobs.cli.cluster_access import Access, access
from flinksec_jobs.cli.output import say_data
from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.pods import ALL_PODS, PodLook
from flinksec_jobs.errors import DeployError

_POLL_SECONDS = 2.0
_MOST_LINES = 10_000


@click.command()
@access
@click.option(
    "--taskmanagers", is_flag=True, help="Of the TaskManagers, in place of the JobManager."
)
@click.option("--all", "all_", is_flag=True, help="Of all pods of the job.")
@click.option(
    "--lines",
    type=click.IntRange(min=1, max=_MOST_LINES),
    default=100,
    show_default=True,
    help="How many of each pod.",
)
@click.option("--errors", is_flag=True, help="Only errors and warnings, and our own hints.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes. Ctrl-C ends it.")
def logs(
    access: Access, *, taskmanagers: bool, all_: bool, lines: int, errors: bool, follow: bool
) -> None:
    """Show what the processes of a job in a cluster have logged.

    A pod that was deleted has no log any more: keep logs elsewhere, docs/monitoring.md.
    """
    api = access.api()
    wanted = {"jobmanager", "taskmanager"} if all_ else None
    wanted = wanted or {"taskmanager" if taskmanagers else "jobmanager"}
    seen: dict[str, list[str]] = {}
    pods = _pods(api, wanted)
    if not pods:
        raise DeployError(
            f"no pod of a {' or '.join(sorted(wanted))} is in the namespace {api.namespace}",
            hint="name the namespace of the job: --namespace",
        )
    while True:
        for pod in pods:
            for line in _new(api, pod, seen, lines):
                if not errors or _tells(line):
                    say_data(f"{pod.name}: {line}" if len(pods) > 1 else line)
        if not follow:
            return
        time.sleep(_POLL_SECONDS)
        pods = _pods(api, wanted)


def _pods(api: Kube, components: set[str]) -> list[PodLook]:
    found = map(PodLook.of, api.list("v1", "Pod", ALL_PODS))
    return sorted((one for one in found if one.component in components), key=lambda one: one.name)


def _new(api: Kube, pod: PodLook, seen: dict[str, list[str]], lines: int) -> Iterator[str]:
    """Yield the lines of a pod that were not there when it was looked at last."""
    before = seen.get(pod.name)
    now = api.logs(pod.name, lines=lines if before is None else _MOST_LINES).splitlines()
    seen[pod.name] = now[-lines:]
    yield from now if before is None else now[_overlap(before, now) :]


def _overlap(before: list[str], now: list[str]) -> int:
    """Return where in ``now`` the lines begin that come after those of ``before``."""
    if not before:
        return 0
    for end in range(len(now), 0, -1):
        tail = before[-end:]
        if now[end - len(tail) : end] == tail:
            return end
    return 0


def _tells(line: str) -> bool:
    return any(word in line for word in (" ERROR ", " WARN ", '"ERROR"', '"WARN"')) or (
        line.startswith(("error: ", "hint: ", "warning: "))
    )
