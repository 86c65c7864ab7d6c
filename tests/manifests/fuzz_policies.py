# SPDX-License-Identifier: Apache-2.0
"""Random NetworkPolicies, judged by us and by another project's evaluator.

``make fuzz-policies`` runs it for as long as it is told. The same seed gives the same clusters.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import click

from tests.manifests.policy_referee import Cluster, ours, theirs
from tests.manifests.random_policies import draw

_BATCH = 500


@dataclass(frozen=True)
class Disagreement:
    """A cluster about which the two differ, with one packet that we let through or they do."""

    number: int
    cluster: Cluster
    is_open: bool

    def __str__(self) -> str:
        told = json.dumps(asdict(self.cluster), indent=1)
        ours_, theirs_ = ("open", "closed") if self.is_open else ("closed", "open")
        return f"cluster {self.number}: {ours_} to us, {theirs_} to the other:\n{told}"


@dataclass
class Tally:
    """How much was compared."""

    clusters: int = 0
    opened: int = 0
    closed: int = 0


def compare(
    seed: int, go_on: Callable[[int], bool], tally: Tally, batch: int = _BATCH
) -> Disagreement | None:
    """Compare cluster after cluster until two verdicts differ, or ``go_on(so far)`` says no."""
    while go_on(tally.clusters):
        clusters = [draw(seed, tally.clusters + number) for number in range(batch)]
        for cluster, other in zip(clusters, theirs(clusters), strict=True):
            own = ours(cluster)
            for packet, is_open, they in zip(cluster.packets, own, other, strict=True):
                if is_open != they:
                    cluster.packets = [packet]
                    return Disagreement(tally.clusters, _smallest(cluster), is_open)
            tally.clusters += 1
            tally.opened += sum(own)
            tally.closed += len(own) - sum(own)
    return None


def _smallest(cluster: Cluster) -> Cluster:
    """Leave policies and rules out as long as the two still differ."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _without_one(cluster):
            if ours(candidate) != theirs([candidate])[0]:
                cluster, smaller = candidate, True
                break
    return cluster


def _without_one(cluster: Cluster) -> list[Cluster]:
    found = []
    for index, policy in enumerate(cluster.policies):
        others = [*cluster.policies[:index], *cluster.policies[index + 1 :]]
        found.append(_with(cluster, others))
        for direction in ("ingress", "egress"):
            rules = policy["spec"].get(direction) or []
            for number in range(len(rules) if len(rules) > 1 else 0):
                spec = policy["spec"] | {direction: [*rules[:number], *rules[number + 1 :]]}
                changed = policy | {"spec": spec}
                rest = [*cluster.policies[:index], changed, *cluster.policies[index + 1 :]]
                found.append(_with(cluster, rest))
    return found


def _with(cluster: Cluster, policies: list[dict[str, object]]) -> Cluster:
    return Cluster(cluster.namespaces, cluster.pods, policies, cluster.packets)


@click.command(help=__doc__)
@click.option("--minutes", type=click.FloatRange(min=0), default=5, show_default=True)
@click.option("--seed", type=int, help="Repeat a run; without it a new one.")
def main(minutes: float, seed: int | None) -> None:
    chosen = secrets.randbelow(2**32) if seed is None else seed
    click.echo(f"seed {chosen}")
    deadline, tally = time.monotonic() + 60 * minutes, Tally()
    found = compare(chosen, lambda _: time.monotonic() < deadline, tally)
    if found:
        click.echo(f"{found}\nseed {chosen}")
        sys.exit(1)
    click.echo(
        f"{tally.clusters} clusters: {tally.opened} packets open, {tally.closed} closed, to both"
    )


if __name__ == "__main__":
    main()
