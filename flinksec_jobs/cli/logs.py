# SPDX-License-Identifier: Apache-2.0
"""``flinksec logs``: what the processes of a job in a cluster have logged."""

from __future__ import annotations

from collections.abc import Iterator

import click

from flinksec_jobs.cli.cluster_access import Access, access
from flinksec_jobs.cli.output import say_data, tell
from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.log_follower import followed
from flinksec_jobs.deploy.pods import ALL_PODS, PodLook
from flinksec_jobs.errors import DeployError

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
    pods = _pods(api, wanted)
    if not pods:
        raise DeployError(
            f"no pod of a {' or '.join(sorted(wanted))} is in the namespace {api.namespace}",
            hint="name the namespace of the job: --namespace",
        )
    if follow:
        found = followed(api, lambda: _pods(api, wanted), lines, tell)
    else:
        found = _there(api, pods, lines)
    for pod, line in found:
        if not errors or _tells(line):
            say_data(f"{pod}: {line}" if len(pods) > 1 else line)


def _pods(api: Kube, components: set[str]) -> list[PodLook]:
    found = map(PodLook.of, api.list("v1", "Pod", ALL_PODS))
    return sorted((one for one in found if one.component in components), key=lambda one: one.name)


def _there(api: Kube, pods: list[PodLook], lines: int) -> Iterator[tuple[str, str]]:
    for pod in pods:
        for line in api.logs(pod.name, container=pod.component, lines=lines).splitlines():
            yield pod.name, line


def _tells(line: str) -> bool:
    return any(word in line for word in (" ERROR ", " WARN ", '"ERROR"', '"WARN"')) or (
        line.startswith(("error: ", "hint: ", "warning: "))
    )
