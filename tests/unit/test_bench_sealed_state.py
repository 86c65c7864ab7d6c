# SPDX-License-Identifier: Apache-2.0
"""The table of the bench of sealed state, without a JVM and without FUSE."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import gocryptfs, raw_ciphers, sealed_state, sealed_table
from bench.sealed_table import GIB, MIB, Measured


def measured(*rounds: tuple[str, str, float, float]) -> Measured:
    """GiB that were moved: what, way, seconds and CPU seconds of each round."""
    result = Measured()
    for number, (what, way, seconds, cpu) in enumerate(rounds):
        result.add(what, way, number, seconds, cpu, GIB)
    return result


def table(figures: Measured) -> list[str]:
    return list(sealed_table.lines(figures, 1024, 256, 10_000, 3))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def row(figures: Measured, start: str) -> list[str]:
    return next(cells(line) for line in table(figures) if line.startswith(f"| {start}"))


def test_a_row_has_rates_then_ratios_then_cpu_seconds() -> None:
    figures = measured(
        *(("write", "plain", seconds, 0.5) for seconds in (2.0, 1.0, 4.0)),
        *(("write", "sealed", seconds, 1.25) for seconds in (4.0, 2.0, 5.0)),
        *(("write", "gocryptfs", seconds, 9.0) for seconds in (8.0, 8.0, 10.0)),
    )
    assert row(figures, "write") == [
        "write 1 GiB, tmpfs",
        *("512 MiB/s", "256 MiB/s", "128 MiB/s"),
        *("0.50 (0.50 to 0.80)", "2.00 (2.00 to 4.00)"),
        *("0.50", "1.25", "9.00"),
    ]


def test_what_could_not_be_measured_is_left_open() -> None:
    figures = measured(("read", "plain", 1, 1), ("read", "sealed", 2, 2))
    assert row(figures, "read")[3:] == ["-", "0.50 (0.50 to 0.50)", "-", "1.00", "2.00", "-"]
    assert not [line for line in table(figures) if "restore" in line]


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
    assert "medians of 3 rounds" in first


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
