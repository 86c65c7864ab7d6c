# SPDX-License-Identifier: Apache-2.0
"""What a command could not look at is told and fails it: it never counts as "no file here"."""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flinksec_jobs.cli import main
from flinksec_jobs.sealed import KeyRing, Status, verify_file, verify_tree
from flinksec_jobs.sealed.directories import Found, walk
from flinksec_jobs.sealed.needs import keys_needed

Seal = Callable[[str, bytes], Path]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["state", *map(str, arguments)])


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENAMETOOLONG])
def test_an_error_of_the_volume_is_told_with_the_directory(
    volume: Path, ring: KeyRing, failing: dict[str, int], error: int
) -> None:
    failing[str(volume / "b")] = error
    for command in ("verify", "info", "ls"):
        result = run(command, "--keys", ring.directory, volume)
        assert result.exit_code == 1
        assert f"{volume / 'b'}" in result.stdout
        why = os.strerror(error)
        assert f"cannot be listed: {why[0].lower()}{why[1:]}" in result.stdout
        assert f"{volume}/a/chk-1/_metadata" in result.stdout
    failing[str(volume)] = error
    assert run("verify", "--keys", ring.directory, volume).exit_code == 1
    assert run("manifest", "--keys", ring.directory, volume).exit_code == 1


def test_a_link_to_a_file_counts_as_the_file_that_is_read_there(
    volume: Path, ring: KeyRing, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    (volume / "b" / "chk-2" / "_metadata").rename(kept)
    (volume / "b" / "chk-2" / "_metadata").symlink_to(kept)
    assert keys_needed([volume]).named == {"k1": 2}
    assert [r.status for r in verify_tree(volume, ring)] == [Status.WHOLE, Status.WHOLE]
    # Another's file behind a link is not the one that belongs here.
    (volume / "b" / "chk-2" / "_metadata").unlink()
    (volume / "b" / "chk-2" / "_metadata").symlink_to("../../a/chk-1/_metadata")
    assert [r.status for r in verify_tree(volume, ring)] == [Status.WHOLE, Status.FOREIGN]


def test_verify_of_a_volume_that_is_mounted_elsewhere_says_how(
    volume: Path, ring: KeyRing, tmp_path: Path
) -> None:
    export = volume.rename(tmp_path / "export")
    result = run("verify", "--keys", ring.directory, export)
    assert (result.exit_code, "2 foreign" in result.stdout) == (1, True)
    assert result.stdout.count("under another path, name that path: --place") == 2
    for command in ("verify", "ls", "info", "manifest"):
        result = run(command, "--keys", ring.directory, "--place", volume, export)
        assert result.exit_code == 0
        assert "foreign" not in result.output
    two = run("verify", "--keys", ring.directory, "--place", volume, export, export)
    assert (two.exit_code, "--place goes with one PATH" in two.stderr) == (2, True)


def test_what_a_running_job_removes_meanwhile_is_left_out(
    volume: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = walk(volume)
    assert next(steps) == Found(volume / "a/chk-1/_metadata")
    shutil.rmtree(volume / "b" / "chk-2")
    assert list(steps) == []

    (report,) = verify_tree(volume, ring)
    assert report.whole
    with pytest.raises(FileNotFoundError):
        verify_file(volume / "b" / "chk-2" / "_metadata", ring)

    # As NFS tells of a file that another client removed.
    def stale(*arguments: Any, **named: Any) -> None:
        shutil.rmtree(volume / "a", ignore_errors=True)
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as patch:
        patch.setattr("flinksec_jobs.sealed.verify.open_regular", stale)
        assert list(verify_tree(volume, ring)) == []


def test_a_file_that_fails_while_it_is_read_does_not_keep_the_others_from_being_checked(
    volume: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flinksec_jobs.files import open_regular

    def failing(path: Path) -> Any:
        if "chk-1" in str(path):
            raise OSError(errno.EIO, "Input/output error")
        return open_regular(path)

    monkeypatch.setattr("flinksec_jobs.sealed.verify.open_regular", failing)
    assert [(r.status, r.detail) for r in verify_tree(volume, ring)] == [
        (Status.UNREADABLE, "input/output error"),
        (Status.WHOLE, ""),
    ]


@pytest.mark.slow
def test_a_tree_that_is_deeper_than_python_s_stack_is_walked(tmp_path: Path) -> None:
    deep = tmp_path / "t"
    deep.mkdir()
    place = os.open(deep, os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=place)
        below = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(place)
    assert list(walk(deep)) == []
    subprocess.run(["rm", "-rf", deep], check=True)  # shutil's own would not do it.


def test_names_that_would_act_on_a_terminal_are_printed_escaped(
    volume: Path, ring: KeyRing, seal: Seal, tmp_path: Path
) -> None:
    evil = "x\r\x1b[2Kwhole  \u202egood\a\nwhole        /forged"
    seal(f"state/{evil}/chk-1/f", b"")
    moved = volume / "moved" / "savepoint-1"
    moved.mkdir(parents=True)
    shutil.move(seal(f"state/{evil}/savepoint-1/f", b""), moved / "f")
    shutil.copy(volume / evil / "chk-1" / "f", volume / "a" / "chk-1" / "g")
    (volume / os.fsdecode(b"\xff")).write_bytes(b"plain")
    (volume / evil / "link").symlink_to("nowhere")
    for arguments in (
        ("ls", volume),
        ("info", volume),
        ("ls", volume, "--keys", ring.directory),
        ("verify", volume, "--keys", ring.directory),
        ("verify", volume, "--keys", ring.directory, "--json"),
        ("info", volume, "--json"),
        ("rekey", volume, "--keys", ring.directory),
        ("rekey", volume, "--keys", ring.directory, "--json"),
        ("manifest", volume, "--keys", ring.directory),
        ("cat", volume / evil / "link", "--keys", ring.directory),
        ("keys", "retire", ring.directory, "k9", volume),
        ("keys", "list", ring.directory, volume),
    ):
        result = run(*arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), arguments
        for character in "\r\x1b\u202e\a\xff":
            assert character not in result.output, arguments
        lines = result.output.split("\n")
        forged = [line for line in lines if line.startswith("whole        /f")]
        assert forged == [], arguments


def test_cat_tells_of_places_that_are_none(volume: Path, ring: KeyRing, tmp_path: Path) -> None:
    source = volume / "a/chk-1/_metadata"
    for out in (".", "..", "/", tmp_path, tmp_path / ".", tmp_path / "no" / "file"):
        result = run("cat", source, "--keys", ring.directory, "-o", out)
        assert result.exit_code == 1, out
        assert result.stderr.startswith("error: "), out
        assert isinstance(result.exception, SystemExit)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, tmp_path / "nothing"):
        result = run("cat", path, "--keys", ring.directory)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"error: {path}: "), path
