# SPDX-License-Identifier: Apache-2.0
"""The table of the bench of sealed state, without a JVM and without FUSE."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import gocryptfs, raw_ciphers, sealed_state, sealed_table, slow_storage, spread
from bench.sealed_table import GIB, MIB, Measured


def measured(*rounds: tuple[str, str, float, float]) -> Measured:
    """GiB that were moved: what, way, seconds and CPU seconds of each round."""
    result = Measured()
    for number, (what, way, seconds, cpu) in enumerate(rounds):
        result.add(what, way, number, seconds, cpu, GIB)
    return result


def table(figures: Measured) -> list[str]:
    return list(sealed_table.lines(figures, 1024, 10_000, 0.03))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def row(figures: Measured, start: str) -> list[str]:
    return next(cells(line) for line in table(figures) if line.startswith(f"| {start}"))


def test_a_row_has_rates_then_ratios_round_by_round_then_cpu_seconds() -> None:
    figures = measured(
        *(("write", "plain", seconds, 0.5) for seconds in (2.0, 1.0, 4.0)),
        *(("write", "sealed", seconds, 1.25) for seconds in (4.0, 2.0, 5.0)),
        *(("write", "gocryptfs", seconds, 9.0) for seconds in (8.0, 8.0, 10.0)),
    )
    assert row(figures, "write") == [
        "write 1 GiB, tmpfs",
        *("512 MiB/s", "256 MiB/s", "0.50 ± 0.15", "0.40 ± 0.00", "0.8"),
        *("0.50", "1.25", "3", "2.00 ± 1.00"),
    ]


def test_what_could_not_be_measured_is_left_open_or_told() -> None:
    figures = measured(("read", "plain", 1, 1), ("read", "sealed", 2, 2))
    figures.refused.append("no slow storage of 125 MB/s")
    assert row(figures, "read")[-1] == "-"
    assert not [line for line in table(figures) if "restore" in line]
    assert table(figures)[1] == "Not measured: no slow storage of 125 MB/s."


def test_rows_that_still_spread_are_named() -> None:
    uneven = [(1.0, 2.0), (1.0, 1.0), (1.0, 3.0)]
    figures = measured(
        *(("write", "plain", plain, 1) for plain, _ in uneven),
        *(("write", "sealed", sealed, 1) for _, sealed in uneven),
        *(("read", way, 1, 1) for way in ("plain", "sealed") for _ in uneven),
    )
    assert "The machine was not quiet enough for ± 0.03: write 1 GiB, tmpfs." in table(figures)


def test_the_interval_is_that_of_the_sign_test() -> None:
    """As published: of 12 the third and the tenth, of 20 the sixth and the fifteenth."""
    for count, low, high in ((5, 1, 5), (6, 1, 6), (9, 2, 8), (12, 3, 10), (20, 6, 15)):
        found = spread.ratio([float(n) for n in range(count, 0, -1)])
        assert (found.low, found.high) == (low, high)
        assert found.middle == (count + 1) / 2


@given(st.floats(0.2, 2), st.integers(6, 40), st.integers())
@settings(max_examples=20, deadline=None)
def test_the_interval_holds_the_true_median_as_often_as_it_says(
    true: float, count: int, seed: int
) -> None:
    """Of lopsided rounds, as those of a busy machine are: some take much longer."""
    random, held = Random(seed), 0
    for _ in range(200):
        found = spread.ratio([true * random.lognormvariate(0, 0.5) for _ in range(count)])
        held += found.low <= true <= found.high
    assert held >= 175


def test_rounds_go_on_until_both_ratios_are_known_well_or_there_are_too_many() -> None:
    sizes = sealed_state.Sizes(mib=8, files=1, rounds=3, most=5, spread=0.1, jvms=1)
    even, uneven = Measured(), Measured()
    for number in range(5):
        for way in ("plain", "sealed"):
            even.add("write", way, number, 2, 2, GIB)
            uneven.add("write", way, number, 2, 2 + number * (way == "sealed"), GIB)
    assert [sizes.enough(n, even, "write") for n in (2, 3)] == [False, True]
    assert [sizes.enough(n, uneven, "write") for n in (3, 4, 5)] == [False, False, True]


def test_the_first_file_of_a_jvm_is_compared_with_its_own_later_ones() -> None:
    figures = Measured()
    for first, later in ((2.0, (1.0, 1.0, 2.0, 9.0)), (4.0, (1.0, 1.0, 1.0, 1.0))):
        figures.add("first-0", "plain", 0, 1, 1, GIB)
        figures.add("first-0", "sealed", 0, first, 1, GIB)
        for seconds in later:
            figures.add("warm", "plain", 0, 1, 1, GIB)
            figures.add("warm", "sealed", 0, seconds, 1, GIB)
    assert figures.warm_ratio("sealed").middle == pytest.approx((0.75 + 0.25) / 2)
    (line,) = [line for line in table(figures) if line.startswith("A new JVM's")]
    assert "plain 1.00 ± 0.00, sealed 0.50 ± 0.25 (aim 0.7)" in line


def test_slow_storage_that_cannot_be_had_is_refused_aloud(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    with slow_storage.throttled(tmp_path / "slow", 125, MIB, said.append) as storage:
        assert storage is None
    assert said == ["no slow storage of 125 MB/s, and no row for it: there is no 'losetup'"]


def test_slow_storage_whose_limit_nothing_keeps_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tools that do nothing: a write is as quick as the file system below."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("losetup", "mkfs.ext4", "mount", "umount"):
        (tools / name).write_text("#!/bin/sh\necho /dev/null\n")
        (tools / name).chmod(0o755)
    cgroups = tmp_path / "cgroups"
    (cgroups / "blkio").mkdir(parents=True)
    monkeypatch.setattr(slow_storage, "_CGROUPS", cgroups)
    monkeypatch.setattr(slow_storage, "probed", lambda *_: 900e6)
    monkeypatch.setattr(Path, "rmdir", shutil.rmtree)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    said: list[str] = []
    with slow_storage.throttled(tmp_path / "slow", 125, MIB, said.append) as storage:
        assert storage is None
    assert said == [
        "no slow storage of 125 MB/s, and no row for it: "
        "a synced write reached 900 MB/s, so the limit is not kept"
    ]
    assert not [*(cgroups / "blkio").iterdir()]


def test_a_row_of_slow_storage_that_was_quick_is_dropped() -> None:
    figures = measured(*(("slow-125", way, 1, 1) for way in ("plain", "sealed")))
    assert not slow_storage.kept(figures.rate("slow-125", "plain"), 125)
    assert slow_storage.kept(110e6, 125)
    figures.drop("slow-125")
    assert not [line for line in table(figures) if "125 MB/s" in line]


def test_small_files_and_random_reads_are_counted() -> None:
    figures = Measured()
    for way in ("plain", "sealed"):
        figures.add("random", way, 0, "2.0", "0.5", 8000 * 4096)
        figures.add("small-write", way, 0, "2.0", "0.5", 10_000 * 8192)
    assert row(figures, "4 KiB reads")[1] == "4,000 reads/s"
    assert row(figures, "write 10,000 files")[1] == "5,000 files/s"


def test_the_limit_of_one_thread_is_the_time_of_both_works_added() -> None:
    figures = measured(
        *(("write", way, 1, 1) for way in ("plain", "sealed")),
        ("encrypt", "jca", 1.0, 1.0),
        ("decrypt", "jca", 0.5, 0.5),
    )
    assert [line for line in table(figures) if "One thread" in line] == [
        "One thread that does the plain file's work and JCA's, one after the other, and nothing"
        " else, would reach sealed / plain of: write 0.50 (tmpfs)."
    ]


def test_the_machine_is_named() -> None:
    first = table(Measured())[0]
    assert " cores of " in first
    assert "median in 95 of 100 cases" in first


@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_a_run_that_is_cut_short_shows_what_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """In the middle of a round, when the plain file was written once more than the sealed one."""
    java = tmp_path / "java"
    java.write_text(
        "#!/bin/sh\n"
        "for way in plain sealed plain; do echo bench write $way 0 2.0 1.0 1048576; done\n"
        "echo more write; read answer\n"
        f"kill -{name} $PPID\n"
        "exec sleep 600\n"
    )
    java.chmod(0o755)
    monkeypatch.setattr(sealed_state, "compiled", lambda _: "")
    monkeypatch.setattr(sealed_state, "keys", lambda _: tmp_path)
    monkeypatch.setattr(sealed_state, "jdk", lambda _: str(java))
    before = signal.getsignal(signal.SIGTERM)
    try:
        done = CliRunner().invoke(sealed_state.main, ["--part", "files", "--part", "checkpoint"])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert done.exit_code == 0
    assert "| write 256 MiB, tmpfs | 0 MiB/s | 0 MiB/s | 1.00 ± 0.00 |" in done.output
    assert "Not measured: what came after this run was cut short." in done.output


@pytest.mark.slow
def test_pythons_cipher_is_measured_for_both_ways() -> None:
    figures = Measured()
    raw_ciphers.measure(1, 1, figures)
    for what in ("encrypt", "decrypt"):
        (only,) = figures.rounds[what, "cryptography"]
        assert (only.size, only.seconds > 0) == (MIB, True)


def test_without_gocryptfs_the_bench_says_what_it_needs_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    with gocryptfs.mounted(tmp_path / "files", said.append) as mount:
        assert mount is None
    assert said == [
        "without gocryptfs: it needs the Debian packages gocryptfs and fuse3, and /dev/fuse"
    ]


def test_each_way_has_an_empty_directory_that_ends_with_the_part(tmp_path: Path) -> None:
    with sealed_state.directories(tmp_path, gocryptfs=False) as (ways, mount):
        (base,) = tmp_path.iterdir()
        assert mount is None
        assert ways == {
            "plain": f"plain=file://{base}/plain={base}/plain",
            "sealed": f"sealed=sealed+file://{base}/sealed={base}/sealed",
        }
        assert [path.name for path in sorted(base.iterdir())] == ["plain", "sealed"]
    assert not [*tmp_path.iterdir()]
