# SPDX-License-Identifier: Apache-2.0
"""Write documents to one node of Elasticsearch: the library's sink, Elastic's Python, a bare loop.

The bare loop sends bulk requests over HTTP and does no more: it is the limit. Flink's own sink is
there where its class path is given, since it is built for other releases of Flink. All write the
same documents over TLS with a password, batches of the same size, as many at the same time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from bench.sealed_state import jdk
from flinksec_jobs import FlinkSecError, elasticsearch
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.settings import ElasticsearchSettings

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from flinksec_jobs import Settings

INDEX = "bench"
HERE = Path(__file__).parent
BARE = "bare loop over HTTP"
_FIRST = datetime.fromtimestamp(1_770_000_000, UTC)


def documents(count: int) -> Iterator[dict[str, Any]]:
    """What ``ElasticsearchWays.row`` makes, as actions of Elastic's client."""
    for n in range(count):
        departed = (_FIRST + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%SZ")
        note = f"a text of some words, as documents have them, number {n}"
        yield {
            "_index": INDEX,
            "_id": f"id-{n}",
            "_source": {
                "id": f"id-{n}", "airline": "LH", "number": n % 9000, "origin": "FRA",
                "destination": "JFK", "departed_at": departed, "delay": n % 240 / 4, "note": note,
            },
        }  # fmt: skip


@click.command(help=__doc__)
@click.option("--documents", "count", type=click.IntRange(1000), default=200_000, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--flinks", help="Class path of Flink's own sink, built outside of this repository.")
def main(count: int, rounds: int, flinks: str | None) -> None:
    """Run all ways in turn and print a table."""
    progress = Console(stderr=True)
    found: dict[str, list[tuple[float, float]]] = {}
    with (
        Sandbox(only=["elasticsearch"], progress=progress.print) as sandbox,
        tempfile.TemporaryDirectory(prefix="flinksec-bench-") as classes,
    ):
        client = sandbox.elasticsearch_client()
        ways = _ways(sandbox.settings(), client, Path(classes), flinks)
        for number in range(rounds):
            for name in list(ways) if number % 2 == 0 else list(ways)[::-1]:
                client.indices.delete(index=INDEX, ignore_unavailable=True)
                took = ways[name](count)
                client.indices.refresh(index=INDEX)
                there = client.count(index=INDEX)["count"]
                if there != count:
                    raise FlinkSecError(
                        f"{name} wrote {there} of {count} documents",
                        hint="a comparison of times would mean nothing: mend the bench",
                    )
                found.setdefault(name, []).append(took)
                seconds, cpu = took
                progress.print(f"round {number + 1}: {name}: {seconds:.2f} s, CPU {cpu:.2f} s")
    load = os.getloadavg()[1]
    console = Console(width=110)
    console.print(table(found, count))
    told = (
        f"\nMedians of {rounds} rounds. {os.cpu_count()} cores, the node's, too; load {load:.1f}."
    )
    console.print(told, highlight=False)


def _ways(
    settings: Settings, client: Elasticsearch, classes: Path, flinks: str | None
) -> Mapping[str, Callable[[int], tuple[float, float]]]:
    from elasticsearch import helpers

    section = settings.need(ElasticsearchSettings)
    limits = elasticsearch.limits(section)
    config = elasticsearch.connection_options(settings) | limits
    config |= {"index": INDEX, "id_field": "id", "compress": "false"}
    size, most = section.max_batch_size, section.max_in_flight

    def streaming(count: int) -> tuple[float, float]:
        return _python(count, lambda rows: helpers.streaming_bulk(client, rows, chunk_size=size))

    def parallel(count: int) -> tuple[float, float]:
        return _python(
            count,
            lambda rows: helpers.parallel_bulk(client, rows, thread_count=most, chunk_size=size),
        )

    java = _compiled(classes, flinks)
    ways = {
        BARE: lambda count: java("bare", count, config),
        "ours": lambda count: java("ours", count, config),
        "ours, compressed (the default)": lambda count: java(
            "ours", count, config | {"compress": "true"}
        ),
        "Elastic's Python, streaming_bulk": streaming,
        "Elastic's Python, parallel_bulk": parallel,
    }
    if flinks is not None:
        ways["Flink's own sink"] = lambda count: java("flink", count, config)
    return ways


def _python(count: int, bulk: Callable[[Iterator[Any]], Any]) -> tuple[float, float]:
    deque(bulk(documents(count // 5)), maxlen=0)  # as ElasticsearchWays does
    start, cpu = time.perf_counter(), time.process_time()
    deque(bulk(documents(count)), maxlen=0)
    return time.perf_counter() - start, time.process_time() - cpu


def _compiled(
    classes: Path, flinks: str | None
) -> Callable[[str, int, Mapping[str, str]], tuple[float, float]]:
    ours = artifacts.own_jar("flinksec-secure-connectors")
    path = os.pathsep.join(map(str, [classes, ours, *([flinks] if flinks else []), *_flink()]))
    sources = [HERE / "ElasticsearchWays.java"]
    sources += [HERE / "FlinksElasticsearch.java"] if flinks else []
    subprocess.run([jdk("javac"), "-nowarn", "-cp", path, "-d", classes, *sources], check=True)
    opens = "--add-opens=java.base/java.util=ALL-UNNAMED"

    def run(way: str, count: int, config: Mapping[str, str]) -> tuple[float, float]:
        properties = "\n".join(
            f"{name}={value}".replace("\\", r"\\") for name, value in config.items()
        )
        done = subprocess.run(
            [jdk("java"), opens, "-Xmx1g", "-cp", path, "ElasticsearchWays", way, str(count)],
            input=properties,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            text=True,
            check=True,
        )
        seconds, cpu = done.stdout.split()[-2:]
        return float(seconds), float(cpu)

    return run


def _flink() -> list[Path]:
    import pyflink

    return sorted((Path(pyflink.__file__).parent / "lib").glob("*.jar"))


def table(found: Mapping[str, list[tuple[float, float]]], count: int) -> Any:
    """A table, in Markdown, of ways by what they are of the limit.

    A round's share of the limit is its time against that of the bare loop in the same round, which
    ran a little before or after it: what else the machine does then changes both.

    Args:
        found: of each way, seconds and seconds of CPU of each round.
        count: of documents of each round.
    """
    made = Table(f"{count:,} documents to one node", box=box.MARKDOWN)
    for heading in ("of the limit", "documents/s", "CPU s a million", "rounds, s"):
        made.add_column(heading, justify="right")
    limits = [seconds for seconds, _ in found[BARE]]
    shares = {
        name: median(limit / seconds for limit, (seconds, _) in zip(limits, rounds, strict=True))
        for name, rounds in found.items()
    }
    for name, share in sorted(shares.items(), key=lambda item: -item[1]):
        rounds = " ".join(f"{one:.2f}" for one, _ in found[name])
        rate = f"{count / median(one for one, _ in found[name]):,.0f}"
        cpu = median(cpu for _, cpu in found[name])
        made.add_row(name, f"{share:.2f}", rate, f"{cpu / count * 1e6:.0f}", rounds)
    return made


if __name__ == "__main__":
    main()
