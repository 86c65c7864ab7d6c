# SPDX-License-Identifier: Apache-2.0
"""An attack that gets through is told; so is one that fails for another reason."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flinksec_jobs.demo import attacks
from flinksec_jobs.sealed import KeyRing, SealedWriter, Status, verify_file


def sandbox(failures: dict[str | None, str]) -> Any:
    """Servers that fail for some principals, by a message for each, and let in all others."""

    def ask(*_: object, principal: str | None) -> list[str]:
        if principal in failures:
            raise RuntimeError(failures[principal])
        return ["a record"]

    return SimpleNamespace(consume=ask, hdfs_lines=ask)


def test_servers_that_refuse_both_attackers_meet_the_checks() -> None:
    secure = sandbox({None: "No valid credentials provided", "guest": "TopicAuthorization"})
    assert [check.ok for check in attacks.on_kafka(secure)] == [True, True]
    assert [check.ok for check in attacks.on_hdfs(secure)] == [True]


def test_servers_that_are_open_or_down_do_not() -> None:
    assert [check.actual for check in attacks.on_kafka(sandbox({}))] == ["let in", "let in"]
    (check,) = attacks.on_hdfs(sandbox({None: "connection refused"}))
    assert check.actual == "failed otherwise: connection refused"


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path / "keys")


def seal(path: Path, ring: KeyRing, content: bytes) -> Path:
    with SealedWriter(path, ring) as writer:
        writer.write(content)
    return path


def test_what_the_job_remembers_is_looked_for_in_the_opened_state(
    tmp_path: Path, ring: KeyRing
) -> None:
    paths = [
        seal(tmp_path / "large", ring, b"." * 50_000),
        seal(tmp_path / "small", ring, b"..N14228.."),
    ]
    evidence: Any = SimpleNamespace(files=lambda: paths)
    assert attacks._remembered(evidence, ring, {"N1", "N14228"})[1] == "found"
    assert attacks._remembered(evidence, ring, {"N9", "N8"}) == ("N8", "not found")


def test_one_bit_is_flipped_in_a_copy_and_found(tmp_path: Path, ring: KeyRing) -> None:
    original = seal(tmp_path / "data", ring, b"x" * 1000)
    before = original.read_bytes()
    damaged = attacks._flip_a_bit(original, tmp_path / "damaged")
    assert original.read_bytes() == before
    changed = [a ^ b for a, b in zip(before, damaged.read_bytes(), strict=True) if a != b]
    assert changed == [1]
    assert verify_file(damaged, ring).status is Status.TAMPERED
