# SPDX-License-Identifier: Apache-2.0
"""Every fault of a volume is told before a file is reported durable; no cut file reads as whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from flinksec_jobs.sealed import (
    KeyRing,
    SealedFileError,
    SealedWriter,
    Status,
    open_sealed,
    verify_file,
)
from tests.faults.contents import content, digest, is_whole
from tests.faults.java import Jvm
from tests.faults.rules import Rule
from tests.faults.volume import Volume

SMALL = 100
LARGE = 3_000_000
# Some of the data never arrived.
CUTTING = {
    f"{error} at write {skip + 1}": (Rule("write", skip=skip, error=error),)
    for error in ("ENOSPC", "EIO", "EDQUOT")
    for skip in (0, 1, 3)
} | {
    "ENOSPC within a write": (
        Rule("write", times=2, keep=17_480),
        Rule("write", skip=2, error="ENOSPC"),
    )
}
# All of it did, and the volume said that it is not safe.
UNSAFE = {
    f"{error} at {op}": (Rule(op, error=error),)
    for error in ("ENOSPC", "EIO", "EDQUOT")
    for op in ("fsync", "flush", "fsyncdir")
}


def strerror(rules: tuple[Rule, ...]) -> str:
    return os.strerror(getattr(errno, str(rules[-1].error)))


def steps_of(op: str, volume: Volume) -> int:
    return sum(step == op for step, _ in volume.steps())


def python_write(path: Path, size: int, ring: KeyRing) -> None:
    with SealedWriter(path, ring) as writer:
        data = content(path.name, size)
        for start in range(0, size, 1_000_000):
            writer.write(data[start : start + 1_000_000])


@pytest.mark.parametrize("rules", CUTTING.values(), ids=CUTTING)
def test_java_tells_of_a_write_that_failed(
    volume: Volume, jvm: Jvm, ring: KeyRing, rules: tuple[Rule, ...]
) -> None:
    path = volume.path / "file"
    volume.fail(*rules)
    answer = jvm.ask(f"write {path} {LARGE}")
    assert answer.startswith("error write")
    assert strerror(rules) in answer
    volume.heal()
    assert not is_whole(path, ring)
    assert jvm.ask(f"digest {path}").startswith("error digest")

    assert jvm.ask(f"delete {path}").endswith("true")
    assert jvm.ask(f"write {path} {LARGE}").startswith("ok")
    assert jvm.ask(f"digest {path}").endswith(digest("file", LARGE))


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("rules", UNSAFE.values(), ids=UNSAFE)
def test_java_tells_of_a_close_that_failed_after_every_write_went_well(
    volume: Volume, jvm: Jvm, ring: KeyRing, rules: tuple[Rule, ...], size: int
) -> None:
    path = volume.path / "file"
    volume.fail(*rules)
    answer = jvm.ask(f"write {path} {size}")
    assert answer.startswith("error write")
    assert "at close" in answer
    assert strerror(rules) in answer
    volume.heal()
    assert is_whole(path, ring)


@pytest.mark.parametrize("rules", CUTTING.values(), ids=CUTTING)
def test_python_tells_of_a_write_that_failed(
    volume: Volume, ring: KeyRing, rules: tuple[Rule, ...]
) -> None:
    path = volume.path / "file"
    volume.fail(*rules)
    with pytest.raises(OSError, match=strerror(rules)):
        python_write(path, LARGE, ring)
    volume.heal()
    assert not is_whole(path, ring)


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("rules", UNSAFE.values(), ids=UNSAFE)
def test_python_tells_of_a_close_that_failed_after_every_write_went_well(
    volume: Volume, ring: KeyRing, rules: tuple[Rule, ...], size: int
) -> None:
    path = volume.path / "file"
    volume.fail(*rules)
    with pytest.raises(OSError, match=strerror(rules)):
        python_write(path, size, ring)
    volume.heal()
    assert is_whole(path, ring)


@pytest.mark.parametrize("keep", [1, 1080, 16_400, 17_480])
def test_writes_that_are_cut_short_go_on_where_they_ended(
    volume: Volume, jvm: Jvm, ring: KeyRing, keep: int
) -> None:
    volume.fail(Rule("write", keep=keep, times=20))
    java, python = volume.path / "java", volume.path / "python"
    assert jvm.ask(f"write {java} {LARGE}").startswith("ok")
    volume.fail(Rule("write", keep=keep, times=20))
    python_write(python, LARGE, ring)
    volume.heal()
    assert java.stat().st_size == python.stat().st_size
    assert is_whole(java, ring)
    assert is_whole(python, ring)


def test_a_write_that_the_volume_lost_without_a_word_never_reads_as_whole(
    volume: Volume, jvm: Jvm, ring: KeyRing
) -> None:
    assert jvm.ask(f"write {volume.path / 'file'} {LARGE}").startswith("ok")
    writes = steps_of("write", volume)
    assert writes > 3
    for lost in range(writes):
        for keep in (0, 100):
            path = volume.path / f"file-{lost}-{keep}"
            volume.fail(Rule("write", skip=lost, times=1, keep=keep, lie=True))
            assert jvm.ask(f"write {path} {LARGE}").startswith("ok")
            volume.heal()
            assert not is_whole(path, ring)
            assert jvm.ask(f"digest {path}").startswith("error digest")


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT", "EIO", "ESTALE"])
@pytest.mark.parametrize("op", ["mkdir", "create"])
def test_what_could_not_be_made_is_told(volume: Volume, jvm: Jvm, op: str, error: str) -> None:
    volume.fail(Rule(op, error=error))
    if op == "mkdir":
        answer = jvm.ask(f"mkdirs {volume.path}/job/chk-1")
        # As Flink's local file system answers it.
        assert answer.startswith("error") or answer.endswith("false")
        answer = jvm.ask(f"write {volume.path}/job/chk-1/file {SMALL}")
    else:
        answer = jvm.ask(f"write {volume.path}/file {SMALL}")
    assert answer.startswith("error write")
    volume.heal()
    assert [path for path in volume.path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("rule", [Rule("rename", error="EIO"), Rule("rename", error="ENOSPC")])
def test_a_rename_that_failed_is_told_and_leaves_the_file(
    volume: Volume, jvm: Jvm, ring: KeyRing, rule: Rule
) -> None:
    old, new = volume.path / "ha" / "dirty", volume.path / "ha" / "clean"
    assert jvm.ask(f"write {old} {SMALL}").startswith("ok")
    volume.fail(rule)
    assert jvm.ask(f"rename {old} {new}").startswith("error rename")
    volume.heal()
    assert not new.exists()
    assert is_whole(old, ring)


@pytest.mark.parametrize("command", ["mkdirs {0}/new", "rename {0}/old {0}/new"])
def test_a_name_that_could_not_be_synced_is_told(volume: Volume, jvm: Jvm, command: str) -> None:
    assert jvm.ask(f"write {volume.path}/old {SMALL}").startswith("ok")
    volume.fail(Rule("fsyncdir", error="EIO"))
    answer = jvm.ask(command.format(volume.path))
    assert answer.startswith("error")
    assert "Input/output error" in answer


@pytest.mark.parametrize("error", ["ESTALE", "EIO"])
def test_a_read_that_failed_stays_failed(
    volume: Volume, jvm: Jvm, ring: KeyRing, error: str
) -> None:
    path = volume.path / "file"
    assert jvm.ask(f"write {path} {LARGE}").startswith("ok")
    assert jvm.ask(f"open {path}").startswith("ok")
    reader = open_sealed(path, ring)
    volume.fail(Rule("read", error=error))
    message = strerror((Rule("read", error=error),))
    assert message in jvm.ask("read-opened 1500000")
    reader.seek(1_500_000)
    with pytest.raises(OSError, match=message):
        reader.read(100)
    assert message in jvm.ask(f"digest {path}")

    volume.heal()
    assert "an earlier read failed" in jvm.ask("read-opened 1500000")
    with pytest.raises(SealedFileError, match="earlier"):
        reader.read(100)
    reader.close()
    assert jvm.ask("close-opened").startswith("ok")
    assert jvm.ask(f"digest {path}").endswith(digest("file", LARGE))
    assert is_whole(path, ring)


def test_a_file_that_ends_early_while_it_is_read_is_not_whole(
    volume: Volume, jvm: Jvm, ring: KeyRing
) -> None:
    path = volume.path / "file"
    assert jvm.ask(f"write {path} {LARGE}").startswith("ok")
    volume.fail(Rule("read", skip=3, keep=100))
    assert jvm.ask(f"digest {path}").startswith("error digest")
    volume.fail(Rule("read", skip=3, keep=100))
    assert verify_file(path, ring).status in {Status.TAMPERED, Status.TRUNCATED}
    volume.heal()
    assert is_whole(path, ring)


@pytest.mark.parametrize("op", ["getattr", "open-only"])
def test_a_file_that_cannot_be_opened_is_told(volume: Volume, jvm: Jvm, op: str) -> None:
    path = volume.path / "file"
    assert jvm.ask(f"write {path} {SMALL}").startswith("ok")
    volume.fail(Rule(op, path="/file", error="ESTALE"))
    assert jvm.ask(f"digest {path}").startswith("error digest")
    volume.heal()
    assert jvm.ask(f"digest {path}").endswith(digest("file", SMALL))
