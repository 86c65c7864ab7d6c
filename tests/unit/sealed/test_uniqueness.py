# SPDX-License-Identifier: Apache-2.0
"""No two files share a salt, a key or an id, also not across forks."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from flinksec_jobs.errors import SealedStateError
from flinksec_jobs.sealed import KeyRing, SealedWriter, Status, open_sealed, verify_file
from flinksec_jobs.sealed.format import HEADER, SALT, Header
from tests.unit.sealed.bound_keys import ANY

FORKS = 8


def in_a_fork(work: Callable[[], None]) -> int:
    """Runs it in a fork of this process; returns the exit code, 1 for an exception."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def unique_parts(path: Path, ring: KeyRing) -> tuple[bytes, ...]:
    raw = path.read_bytes()
    header = Header.parse(raw[:HEADER])
    data_key = ring.unwrap(header.slots[0].key, ANY)
    context = header.context
    return raw[HEADER : HEADER + SALT], context.file_id, context.data_key_id, data_key


def test_files_written_by_forks_of_one_process_share_nothing(tmp_path: Path, ring: KeyRing) -> None:
    def write(path: Path) -> None:
        with SealedWriter(path, ring) as writer:
            writer.write(b"the same plaintext")

    paths = [tmp_path / f"file{number}" for number in range(2 * FORKS + 1)]
    write(paths[0])
    for by_fork, by_parent in zip(paths[1::2], paths[2::2], strict=True):
        assert in_a_fork(partial(write, by_fork)) == 0
        write(by_parent)
    for parts in zip(*(unique_parts(path, ring) for path in paths), strict=True):
        assert len(set(parts)) == len(paths)
    assert {verify_file(path, ring).status for path in paths} == {Status.WHOLE}


def test_a_fork_cannot_go_on_with_a_file_that_was_begun_before_it(
    tmp_path: Path, ring: KeyRing
) -> None:
    path = tmp_path / "begun"
    writer = SealedWriter(path, ring)
    writer.write(b"x" * 20_000)

    def go_on(action: Callable[[], object]) -> Callable[[], None]:
        def refused() -> None:
            with pytest.raises(SealedStateError, match="only by the process that began it"):
                action()

        return refused

    assert in_a_fork(go_on(lambda: writer.write(b"another plaintext"))) == 0
    assert in_a_fork(go_on(writer.close)) == 0
    writer.write(b"y")
    writer.close()
    with open_sealed(path, ring) as reader:
        assert reader.read() == b"x" * 20_000 + b"y"


@pytest.mark.slow
def test_ten_thousand_files_share_no_salt_no_key_and_no_id(
    tmp_path: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    path = tmp_path / "file"
    seen: list[tuple[bytes, ...]] = []
    for _ in range(10_000):
        SealedWriter(path, ring).close()
        seen.append(unique_parts(path, ring))
        path.unlink()
    for parts in zip(*seen, strict=True):
        assert len(set(parts)) == len(seen)
