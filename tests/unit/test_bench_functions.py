# SPDX-License-Identifier: Apache-2.0
"""What the bench of Python functions checks and computes, without servers and without a JVM."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest
from click.testing import CliRunner
from rich.console import Console

from bench import python_functions
from bench.functions import checking, data, figures, latency, logic, picture, table, ways
from bench.functions.checking import Faults
from bench.functions.figures import Figures, Sample
from bench.functions.task import Task
from flinksec_jobs import FlinkSecError

COUNT = 3000
ROOT = Path(__file__).resolve().parents[2]
FIGURES = Figures(
    rate=100.0, second_half=150.0, cpu=20.0, run_cpu=12.0, warm_cpu=9.0, memory_mb=500.0
)


@functools.cache
def _made_by(workload: str) -> tuple[bytes, ...]:
    """What an engine without faults writes, computed without `checking`."""
    payments = [orjson.loads(line.split("\t", 2)[2]) for line in data.lines(COUNT)]
    made: list[object] = []
    if workload == "stateless":
        made = [one for one in map(logic.enriched, payments) if one]
    elif workload == "json":
        made = [logic.reshaped(one) for one in payments]
    elif workload == "model":
        scores = logic.Model().scores([logic.features(one) for one in payments])
        made = [{"id": n, "score": score} for n, score in enumerate(scores)]
    elif workload == "keyed":
        for n, one in enumerate(payments):
            past = [p["amount"] for p in payments[: n + 1] if p["user"] == one["user"]]
            user = one["user"]
            made.append({"id": n, "user": user, "total": sum(past), "count": len(past)})
    else:
        groups: dict[tuple[str, int], list[int]] = {}
        for one in payments:
            end = (one["time"] // 60_000 + 1) * 60_000
            groups.setdefault((one["user"], end), []).append(one["amount"])
        made = [
            {"user": user, "end": end, "total": sum(amounts), "count": len(amounts)}
            for (user, end), amounts in groups.items()
        ]
    return tuple(orjson.dumps(one) for one in made)


def made_by(workload: str) -> list[bytes]:
    return list(_made_by(workload))


@pytest.fixture(scope="module", params=list(checking.EXPECTED))
def workload(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def expected(workload: str) -> checking.Expected:
    return checking.EXPECTED[workload](COUNT)


def test_an_output_that_is_right_has_no_fault(workload: str, expected: checking.Expected) -> None:
    assert expected.faults(made_by(workload)) == Faults()
    assert len(expected) > COUNT / 4


def _altered(value: bytes) -> bytes:
    document = orjson.loads(value)
    for name, old in document.items():
        if name in {"total", "score"}:
            document[name] = old + 1
    if "payment" in document:
        document["payment"]["amount"] += 1
    return orjson.dumps(document)


def _of_another(value: bytes) -> bytes:
    document = orjson.loads(value)
    document["id"] = document["end"] = COUNT * 1000
    return orjson.dumps(document)


HARM: dict[str, tuple[Callable[[list[bytes]], list[bytes]], Faults]] = {
    "one lost": (lambda out: out[1:], Faults(missing=1)),
    "one twice": (lambda out: [*out, out[0]], Faults(twice=1)),
    "one altered": (lambda out: [_altered(out[0]), *out[1:]], Faults(wrong=1, missing=1)),
    "one that nobody asked for": (lambda out: [_of_another(out[0]), *out], Faults(wrong=1)),
    "one that is no JSON": (lambda out: [b"{", *out], Faults(wrong=1)),
    "one that has no id": (lambda out: [b"{}", *out], Faults(wrong=1)),
    "one that is empty": (lambda out: [b"", *out], Faults(wrong=1)),
}


@pytest.mark.parametrize("harm", list(HARM))
def test_a_single_record_that_is_not_right_is_found(
    harm: str, workload: str, expected: checking.Expected
) -> None:
    do, faults = HARM[harm]
    assert expected.faults(do(made_by(workload))) == faults


def test_updates_of_a_user_in_another_order_are_found() -> None:
    made = made_by("keyed")
    first = orjson.loads(made[0])["user"]
    same = [n for n, one in enumerate(made) if orjson.loads(one)["user"] == first]
    one, other = same[:2]
    made[one], made[other] = made[other], made[one]
    assert checking.keyed_sum(COUNT).faults(made) == Faults(disordered=1)


def test_users_may_come_in_any_order() -> None:
    made = sorted(made_by("keyed"), key=lambda one: orjson.loads(one)["user"])
    assert checking.keyed_sum(COUNT).faults(made) == Faults()


def test_windows_of_the_closing_payments_are_not_compared() -> None:
    made = [
        one for one in made_by("windows") if not data.is_closing(orjson.loads(one)["end"], COUNT)
    ]
    assert checking.windows(COUNT).faults(made) == Faults()
    assert len(made) < len(made_by("windows"))


def test_faults_are_an_error_that_counts_them() -> None:
    Faults().require_none("a way")
    with pytest.raises(FlinkSecError, match="a way: of its output 1 records are wrong, 2 came"):
        Faults(1, 2, 3, 4).require_none("a way")


def test_the_payments_are_the_same_each_time_and_in_the_order_of_their_times() -> None:
    one = list(data.payments(COUNT))
    assert one == list(data.payments(COUNT))
    assert [payment["id"] for payment in one] == list(range(COUNT))
    times = [payment["time"] for payment in one]
    assert times == sorted(times)
    assert {payment["user"] for payment in one[-data.USERS :]} == {
        f"user{n:04d}" for n in range(data.USERS)
    }
    sizes = [len(line.split("\t", 2)[2]) for line in data.lines(COUNT)]
    assert 180 < sum(sizes) / COUNT < 220


def test_a_rate_goes_from_the_first_to_the_last_output() -> None:
    samples = [Sample(0.0, 0.0), Sample(10.0, 5.0), Sample(20.0, 25.0)]
    stamps = [14_000, 10_000, 11_000, 12_000]
    found = figures.of_run(8000, stamps, samples, 300.0)
    assert found.rate == pytest.approx(2000)  # 8000 in 4 s
    assert found.second_half == pytest.approx(2000)  # 4000 in the 2 s behind 12 s
    assert found.cpu == pytest.approx(25 / 8000 * 1e6)
    assert found.run_cpu == pytest.approx(8 / 8000 * 1e6)  # 4 s at 2 processors
    assert found.warm_cpu == pytest.approx(4 / 4000 * 1e6)  # 2 s at 2 processors
    assert found.memory_mb == 300.0


@pytest.mark.parametrize("stamps", [[], [1], [5, 5, 5]], ids=["none", "one", "at once"])
def test_a_run_that_is_too_short_gives_no_figures(stamps: list[int]) -> None:
    with pytest.raises(FlinkSecError, match="too short"):
        figures.of_run(1000, stamps, [Sample(0, 0)], 0.0)


@pytest.mark.parametrize(
    ("moment", "cpu"), [(0.0, 1.0), (5.0, 1.0), (5.5, 2.0), (6.0, 3.0), (9.0, 3.0)]
)
def test_cpu_between_two_samples_is_in_part_that_of_the_next(moment: float, cpu: float) -> None:
    assert figures.cpu_at([Sample(5.0, 1.0), Sample(6.0, 3.0)], moment) == pytest.approx(cpu)


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [([7], 50, 7), ([3, 1, 2], 50, 2), (list(range(1, 101)), 99, 99), ([1, 2, 3, 4], 50, 2)],
)
def test_a_percentile_is_one_of_the_values(values: list[int], percent: int, found: int) -> None:
    assert figures.percentile(values, percent) == found


def test_latencies_leave_out_what_comes_while_a_rate_gets_warm() -> None:
    came = dict.fromkeys(range(latency.total()), 1000)
    went = dict.fromkeys(range(latency.total()), 9000)
    begin = 0
    for number, phase in enumerate(latency.PHASES):
        begin += phase.warm
        went |= dict.fromkeys(range(begin, begin + phase.counted), 1010 + number)
        begin += phase.counted
    assert latency.of_phases(came, went) == {1: (11, 11), 100: (12, 12), 10_000: (13, 13)}
    with pytest.raises(FlinkSecError, match="no output came"):
        latency.of_phases(came, {})


def test_records_are_written_at_the_rate_of_their_phase() -> None:
    phases = (latency.Phase(100, 50, 50), latency.Phase(1, 1, 9), latency.Phase(1000, 0, 1000))
    moments = [0, 0.25, 1, 1.5, 2.0, 11, 11.5, 12, 99]
    counts = [latency.due(phases, moment) for moment in moments]
    assert counts == [0, 25, 100, 100, 101, 110, 610, 1110, 1110]


def _printed(made: object) -> list[list[str]]:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(made)
    lines = [line for line in captured.get().splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_table_has_the_quickest_first_and_multiples_of_raw_pyflink() -> None:
    raw, ours, quix = (way for way in ways.WAYS if way.name in {"raw-orjson", "ours", "quix"})
    quick = dataclasses.replace(FIGURES, second_half=450.0)
    runs = {("keyed", 1, "raw-orjson"): [FIGURES], ("keyed", 1, "ours"): [quick, quick]}
    reasons = {("keyed", 1, "quix"): "cannot be installed here"}
    made = table.workload_table("keyed", 1, [raw, ours, quix], runs, reasons)
    rows = _printed(made)
    assert rows[2][:4] == ["ours, per record", "3.00", "450", "100"]
    assert rows[3][:4] == ["raw PyFlink, thread, orjson", "1.00", "150", "100"]
    assert rows[4][:2] == ["Quix Streams", "cannot be installed here"]
    assert len(rows) == 5


def test_the_table_of_latencies_names_a_way_that_failed() -> None:
    best, ours = (way for way in ways.WAYS if way.name in {"ours", "raw-best"})
    found = {best.name: {1: (5, 9), 100: (6, 20), 10_000: (7, 1300)}}
    made = table.latency_table(ways.WAYS, found, {(table.LATENCY, 1, ours.name): "failed"})
    rows = _printed(made)
    assert rows[0] == ["keyed, ms: p50 / p99", "1/s", "100/s", "10,000/s"]
    assert rows[2:] == [
        [best.title, "5 / 9", "6 / 20", "7 / 1300"],
        [ours.title, "failed", "-", "-"],
    ]


def test_the_json_has_each_round_and_what_has_no_figures() -> None:
    runs = {("keyed", 2, "ours"): [FIGURES, dataclasses.replace(FIGURES, rate=200.0)]}
    made = table.as_json(5, "SASL_SSL", runs, {"ours": {1: (3, 9)}}, {("model", 1, "sql"): "no"})
    (run,) = made["runs"]
    assert (run["way"], run["parallelism"]) == ("ours", 2)
    assert [one["rate"] for one in run["rounds"]] == [100.0, 200.0]
    assert run["median"]["rate"] == 150.0
    assert made["latency_ms"] == [{"way": "ours", "rate": 1, "p50": 3, "p99": 9}]
    assert made["without_figures"][0]["reason"] == "no"
    assert orjson.loads(orjson.dumps(made)) == made


def test_ways_have_names_of_their_own_programs_that_are_there_and_raw_pyflink_as_measure() -> None:
    names = [way.name for way in ways.WAYS]
    assert len(set(names)) == len({way.title for way in ways.WAYS}) == len(names)
    assert ways.MEASURE in names
    for way in ways.WAYS:
        assert (ROOT / "bench" / "functions" / f"{way.program}.py").is_file()
        assert set(way.workloads) <= ways.WORKLOADS.keys()
    assert set(ways.WORKLOADS) == set(checking.EXPECTED)


def test_every_other_round_of_all_ways_goes_backwards() -> None:
    runs = [("keyed", 1, way) for way in ways.WAYS]
    assert ways.in_turn(runs, 0) == runs
    assert ways.in_turn(runs, 1) == runs[::-1]


class Without:
    """A machine on which the other engines cannot be installed."""

    peer_python = None


class With:
    peer_python = Path("python")


def test_a_way_that_cannot_be_run_is_named_with_its_reason() -> None:
    rounds = python_functions._Rounds(Without(), Console())  # type: ignore[arg-type]
    plan = rounds.plan(list(ways.WAYS), ["model"], [1])
    assert {way.name for _, _, way in plan} == {
        way.name for way in ways.WAYS if not way.peer and "model" in way.workloads
    }
    named = {name: reason for (_, _, name), reason in rounds.reasons.items()}
    assert named.pop("sql") == "cannot"
    assert named == {way.name: "cannot be installed here" for way in ways.WAYS if way.peer}


def test_more_than_one_instance_is_for_one_workload_unless_others_are_named() -> None:
    rounds = python_functions._Rounds(With(), Console())  # type: ignore[arg-type]
    plan = rounds.plan(list(ways.WAYS), [], [1, 2])
    assert {workload for workload, instances, _ in plan if instances == 1} == ways.WORKLOADS.keys()
    assert {workload for workload, instances, _ in plan if instances == 2} == {"keyed"}
    assert {way.backend for _, instances, way in plan if instances == 2} == {"hashmap"}
    named = rounds.plan(list(ways.WAYS), ["json"], [2])
    assert {(workload, instances) for workload, instances, _ in named} == {("json", 2)}


def test_a_way_that_failed_has_no_figures_and_is_not_run_again() -> None:
    calls = []

    class Failing(With):
        def once(self, way: ways.Way, workload: str, parallelism: int) -> Figures:
            calls.append((way.name, workload, parallelism))
            raise FlinkSecError("it wrote something else")

    rounds = python_functions._Rounds(Failing(), Console(quiet=True))  # type: ignore[arg-type]
    way = ways.WAYS[0]
    rounds.runs[("keyed", 1, way.name)] = [FIGURES]
    rounds.run("round 1", "keyed", 1, way)
    rounds.run("round 2", "keyed", 1, way)
    assert calls == [(way.name, "keyed", 1)]
    assert rounds.failed
    assert rounds.runs == {}
    assert rounds.reasons == {("keyed", 1, way.name): "failed"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--ways", "ours,unknown"], "there is no way unknown"),
        (["--workloads", "keyed,unknown"], "no workload unknown"),
        (["--parallelism", "two"], "takes numbers"),
        (["--parallelism", "0"], "takes numbers"),
        (["--records", "10"], "10000"),
    ],
)
def test_options_that_name_nothing_are_refused_before_a_server_starts(
    options: list[str], told: str
) -> None:
    shown = CliRunner().invoke(python_functions.main, options)
    assert shown.exit_code == 2
    assert told in shown.output


def test_a_task_comes_out_of_its_file_as_it_went_in_and_only_its_owner_reads_it(
    tmp_path: Path,
) -> None:
    task = Task("a", "keyed", 1, "in", "out", str(tmp_path), "s", "b:1", "SASL_SSL", {"k": "v"})
    path = task.write()
    assert Task.read(path) == task
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_picture_has_a_bar_for_each_way_that_ran_as_long_as_its_warm_rate() -> None:
    quick = dataclasses.replace(FIGURES, second_half=300.0)
    runs = {("keyed", 1, ways.MEASURE): [FIGURES], ("keyed", 1, "batches"): [quick]}
    svg = ElementTree.fromstring(picture.drawn(ways.WAYS, runs))
    bars = [bar.get("width") for bar in svg.findall(".//{*}rect")][1:]
    assert bars == ["450.0", "225.0"]
    said = [text.text for text in svg.findall(".//{*}text")]
    assert said[2:] == ["ours, in batches", "0  (2.0)", "raw PyFlink, thread, orjson", "0  (1.0)"]
