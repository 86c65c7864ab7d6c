# SPDX-License-Identifier: Apache-2.0
"""Whatever a file begins with: a verdict, no traceback, no memory that the file does not have."""

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flinksec_jobs.cli import main
from flinksec_jobs.cli.state_output import as_lines, described
from flinksec_jobs.escaping import as_json
from flinksec_jobs.sealed import KeyRing, Outcome, Status, inspect_file, rekey_file, verify_file
from flinksec_jobs.sealed.format import CONTEXT, HEADER, PREFIX, SLOT_OFFSETS
from flinksec_jobs.sealed.needs import keys_needed

_MOST = 4 << 20  # bytes: two chunks, what is read ahead, and Python's own

Change = tuple[int, bytes]

_CHANGES = st.lists(
    st.tuples(
        st.one_of(
            st.integers(0, PREFIX),
            # Fields: version to name length, creation time, name, the slots' fields.
            st.integers(8, 16),
            st.integers(48, 70),
            *(st.integers(at, at + 9) for at in SLOT_OFFSETS),
        ),
        st.one_of(st.binary(min_size=1, max_size=16), st.sampled_from([b"\0", b"\xff" * 8])),
    ),
    max_size=6,
)


@pytest.fixture
def good(seal: Callable[[str, bytes], Path]) -> Iterator[bytes]:
    yield seal("state/chk-1/f", b"x" * 40_000).read_bytes()


@pytest.mark.slow
@given(changes=_CHANGES, length=st.none() | st.integers(0, 41_200), more=st.binary(max_size=40))
@example(changes=[(48, b"\xff" * 8)], length=None, more=b"")
@example(changes=[(14, b"\2\xff"), (64, b"\xc3" * 255)], length=None, more=b"")
@example(changes=[(64, b"../../\n\r\x1b[2J")], length=None, more=b"")
@example(changes=[(at, b"\xff" * 8) for at in SLOT_OFFSETS], length=None, more=b"")
@example(changes=[], length=CONTEXT, more=b"")
@example(changes=[], length=PREFIX, more=b"")
@settings(
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_header_gives_a_traceback_or_takes_memory(
    good: bytes,
    ring: KeyRing,
    tmp_path: Path,
    changes: list[Change],
    length: int | None,
    more: bytes,
) -> None:
    raw = bytearray(good)
    for at, new in changes:
        raw[at : at + len(new)] = new
    data = bytes(raw[:length] + more)
    path = tmp_path / "state" / "chk-1" / "f"
    path.write_bytes(data)
    outside = data[:CONTEXT] + data[HEADER:] != good[:CONTEXT] + good[HEADER:]

    tracemalloc.start()
    report = verify_file(path, ring)
    info = inspect_file(path, ring)
    inspect_file(path)
    needs = keys_needed([path], ring)
    rekeyed = rekey_file(path, ring)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < _MOST

    assert report.status in Status
    assert not (report.whole and outside)
    assert (info.status is None) or not report.whole
    if report.whole:
        assert rekeyed.outcome is Outcome.CURRENT
    shown = described(info.path, info.status, info.detail, info.length, info.header)
    assert json.loads(as_json(shown))["path"] == str(path)
    lines = as_lines([(name, str(value)) for name, value in shown.items()])
    assert all(line.isprintable() for line in lines)
    if info.status in (Status.UNSUPPORTED, Status.TAMPERED) and not info.header:
        assert needs.unknown, "a header that cannot be read names no key, and may need any"


def test_no_file_that_begins_like_a_sealed_one_gives_a_command_a_traceback(
    good: bytes, ring: KeyRing, tmp_path: Path
) -> None:
    top = tmp_path / "many"
    top.mkdir()
    for number, at in enumerate((0, 8, 9, 10, 12, 14, 15, 48, 56, 64, 320, 324, 325, 326, 668)):
        raw = bytearray(good)
        raw[at : at + 2] = b"\xff\xff"
        (top / f"{number:02}").write_bytes(raw)
    for command in (
        ("ls", top),
        ("info", top),
        ("ls", top, "--keys", ring.directory),
        ("info", top, "--keys", ring.directory, "--json"),
        ("verify", top, "--keys", ring.directory),
        ("rekey", top, "--keys", ring.directory),
        ("manifest", top, "--keys", ring.directory),
        ("keys", "list", ring.directory, top),
        ("keys", "retire", ring.directory, "k9", top),
        *(("cat", path, "--keys", ring.directory) for path in top.iterdir()),
    ):
        result = CliRunner().invoke(main, ["state", *map(str, command)])
        assert result.exception is None or isinstance(result.exception, SystemExit), command
        assert result.exit_code in (0, 1)
