# SPDX-License-Identifier: Apache-2.0
"""The comparisons, without servers and without a JVM."""

import importlib
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from rich.console import Console

from bench import elasticsearch_sink, side_by_side
from flinksec_jobs import FlinkSecError

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["json_decoding", "keys", "windows"]
READS = "{} INFO  org.apache.flink.connector.base.source.reader.fetcher.SplitFetcher [] - {}\n"
ENDS = "{} INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph       [] - {}\n"
LOG = READS.format("2026-01-31 23:59:59,250", "Starting split fetcher 0") + ENDS.format(
    "2026-02-01 00:00:03,000", "Job bench (0f) switched from state RUNNING to FINISHED."
)


def printed(title: str, seconds: dict[str, list[float]]) -> list[list[str]]:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(side_by_side.table(title, seconds))
    lines = [line for line in captured.get().splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture(params=NAMES)
def bench(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(f"bench.{request.param}")


def test_the_table_has_the_quickest_first_and_the_others_as_multiples_of_it() -> None:
    shown = printed("decode", {"slow": [6.0, 3.0, 5.0], "quick": [2.0, 9.0, 1.0]})
    assert shown[0] == ["decode", "ratio", "median, s", "rounds, s"]
    assert set("".join(shown[1])) == {"-"}
    assert shown[2:] == [
        ["quick", "1.00", "2.00", "2.00 9.00 1.00"],
        ["slow", "2.50", "5.00", "6.00 3.00 5.00"],
    ]


def test_a_job_runs_from_its_first_read_to_its_end() -> None:
    assert side_by_side.running_seconds(LOG) == pytest.approx(3.75)


@pytest.mark.parametrize("log", ["", LOG + LOG, LOG.splitlines()[0]], ids=["none", "two", "half"])
def test_a_log_that_is_not_of_one_whole_job_gives_no_figure(log: str) -> None:
    with pytest.raises(FlinkSecError, match="the log tells of"):
        side_by_side.running_seconds(log)


def test_every_other_round_goes_backwards() -> None:
    first, second = (side_by_side.Way(name, lambda job: job) for name in ("a", "b"))
    comparisons = [side_by_side.Comparison("c", [first]), side_by_side.Comparison("d", [second])]
    assert side_by_side._in_turn(comparisons, 0) == [first, second]
    assert side_by_side._in_turn(comparisons, 1) == [second, first]


def test_a_bench_says_what_it_compares(bench: ModuleType) -> None:
    shown = CliRunner().invoke(bench.main, ["--help"])
    assert shown.exit_code == 0
    assert str(bench.__doc__).split(".")[0] in re.sub(r"\s+", " ", shown.output)
    assert "--rounds" in shown.output


def test_a_comparison_has_at_least_two_ways_of_different_names(bench: ModuleType) -> None:
    for comparison in bench.COMPARISONS:
        names = {way.name for way in comparison.ways}
        assert len(names) == len(comparison.ways) > 1


def test_the_benches_are_listed_each_with_its_first_line() -> None:
    listed = subprocess.run(
        [ROOT / "scripts" / "bench.sh"], check=True, capture_output=True, text=True
    ).stdout
    found = dict(re.findall(r"^make bench BENCH=(\w+) +(\S.*)$", listed, re.MULTILINE))
    # These compare no streams of flights.
    others = [
        "elasticsearch_sink",
        "kafka_roundtrip",
        "manifests",
        "python_functions",
        "sealed_state",
    ]
    assert list(found) == sorted([*NAMES, *others])
    for name, line in found.items():
        doc = importlib.import_module(f"bench.{name}").__doc__
        assert line == str(doc).splitlines()[0]


def test_a_sink_is_held_against_the_bare_loop_of_the_same_round() -> None:
    found = {
        "ours": [(5.0, 3.0), (4.0, 9.0), (40.0, 4.0)],
        elasticsearch_sink.BARE: [(2.0, 1.0), (3.0, 1.0), (30.0, 1.0)],
    }
    console = Console(width=110)
    with console.capture() as captured:
        console.print(elasticsearch_sink.table(found, 100_000))
    lines = [line for line in captured.get().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == [
        "100,000 documents to one node",
        "of the limit",
        "documents/s",
        "CPU s a million",
        "rounds, s",
    ]
    assert cells[2:] == [
        ["bare loop over HTTP", "1.00", "33,333", "10", "2.00 3.00 30.00"],
        ["ours", "0.75", "20,000", "40", "5.00 4.00 40.00"],
    ]


def test_an_unknown_bench_is_refused_with_the_way_to_the_others() -> None:
    ended = subprocess.run(
        [ROOT / "scripts" / "bench.sh", "side_by_side"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert "there is no bench 'side_by_side'" in ended.stderr
    assert "make bench" in ended.stderr
