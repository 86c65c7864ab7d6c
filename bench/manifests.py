# SPDX-License-Identifier: Apache-2.0
"""`flinksec manifests check` by the number of objects and of lines, with and without the matrix."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import click
from rich.console import Console

from bench.side_by_side import table
from flinksec_jobs.manifests import check, load, matrix

_POD = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{i}, namespace: team-{team}}}
spec:
  selector: {{matchLabels: {{app: web-{i}}}}}
  template:
    metadata: {{labels: {{app: web-{i}}}}}
    spec:
      serviceAccountName: web
      automountServiceAccountToken: false
      enableServiceLinks: false
      containers:
      - name: web
        image: web@sha256:{digest}
        ports: [{{containerPort: 8080, name: http}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: web-{i}, namespace: team-{team}}}
spec:
  podSelector: {{matchLabels: {{app: web-{i}}}}}
  policyTypes: [Ingress, Egress]
  ingress: [{{from: [{{podSelector: {{matchLabels: {{app: web-{before}}}}}}}], ports: [{{port: 8080}}]}}]
  egress: [{{to: [{{podSelector: {{matchLabels: {{app: web-{after}}}}}}}], ports: [{{port: 8080}}]}}]
"""  # noqa: E501  YAML
_TEAMS = 20
_LINES = 40_000


def objects(count: int) -> str:
    """Return that many objects: Deployments, each with a policy towards its neighbours."""
    half = count // 2
    return "---\n".join(
        _POD.format(
            i=i,
            team=i % _TEAMS,
            digest="1" * 64,
            before=(i - _TEAMS) % half,
            after=(i + _TEAMS) % half,
        )
        for i in range(half)
    )


def lines(count: int) -> str:
    """Return one ConfigMap with a file of that many lines."""
    head = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\ndata:\n  application.yaml: |\n"
    return head + "".join(f"    option.{i}: value of {i}\n" for i in range(count))


def seconds(work: Callable[[], object]) -> float:
    """Return how long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _checked(text: str) -> object:
    return check(load([("text", text)]))


def _matrix(text: str) -> object:
    return matrix(load([("text", text)]))


def _ways() -> dict[str, Callable[[], object]]:
    ways: dict[str, Callable[[], object]] = {}
    for count in (250, 500, 1000):
        text = objects(count)
        ways[f"{count} objects"] = partial(_checked, text)
        ways[f"{count} objects, matrix alone"] = partial(_matrix, text)
    ways[f"a ConfigMap of {_LINES:,} lines"] = partial(_checked, lines(_LINES))
    return ways


@click.command(help=__doc__)
@click.option("--rounds", default=3, show_default=True, help="How often each is measured.")
def main(rounds: int) -> None:
    """Measure every way in turn, and print the ratios."""
    ways = _ways()
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        order = list(ways) if number % 2 == 0 else list(reversed(ways))
        for name in order:
            measured[name].append(seconds(ways[name]))
    Console(width=100).print(table("manifests check", measured))


if __name__ == "__main__":
    main()
