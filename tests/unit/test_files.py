# SPDX-License-Identifier: Apache-2.0
"""Opening what others wrote: regular files of bounded size, and text in UTF-8."""

import os
import socket
from pathlib import Path

import pytest

from flinksec_jobs import files
from flinksec_jobs.errors import SettingsError


def read(path: str | Path, limit: int = 100) -> str:
    return files.read_text(path, "a.setting", limit, error=SettingsError)


def refusal(path: str | Path, limit: int = 100) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        read(path, limit)
    return caught.value


def test_a_regular_file_is_read_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text\n")
    (tmp_path / "link").symlink_to("file")
    assert read(tmp_path / "link") == "text\n"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    error = refusal(tmp_path / "pipe")
    assert error.message == (
        f"a.setting {tmp_path}/pipe cannot be read: is a named pipe, not a regular file"
    )
    assert error.hint == "name a regular file"


def test_a_socket_a_directory_and_devices_are_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert "is a socket" in refusal(tmp_path / "socket").message
    assert "is a directory" in refusal(tmp_path).message
    for device in ("/dev/zero", "/dev/null", "/dev/full", "/dev/random"):
        assert "is a device" in refusal(device).message
    (tmp_path / "link").symlink_to("/dev/zero")
    assert "is a device" in refusal(tmp_path / "link").message


def test_a_loop_of_links_and_a_file_that_is_not_there_are_named(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "too many levels of symbolic links" in refusal(tmp_path / "a").message
    assert "no such file" in refusal(tmp_path / "none").message


@pytest.mark.parametrize("name", ["a\0b", "half\ud800", "x" * 300])
def test_a_name_that_no_file_can_have_is_a_clear_error(name: str) -> None:
    assert "\0" not in refusal(name).message
    refusal(name).message.encode()


def test_a_file_may_hold_as_much_as_the_limit_and_no_byte_more(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 2048)
    assert len(files.content(path, 2048)) == 2048
    assert "holds more than 1 KiB" in refusal(path, 1024).message


def test_a_huge_file_with_a_hole_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(1 << 40)
    assert "holds more than 1 MiB" in refusal(tmp_path / "hole", files.SETTINGS).message


def test_a_stream_that_never_ends_is_read_to_the_limit_only() -> None:
    with Path("/dev/zero").open("rb") as endless, pytest.raises(OSError, match="more than"):
        files.bounded(endless, files.SECRET, "stdin")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"a\r\nb", "a\r\nb"),
        (b"\xef\xbb\xbfa = 1", "a = 1"),
        ("Ä\u3000日".encode(), "Ä\u3000日"),
    ],
)
def test_text_is_utf_8_without_its_byte_order_mark(
    tmp_path: Path, content: bytes, text: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    assert read(tmp_path / "file") == text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a = 1".encode("utf-16"), "is UTF-16 text"),
        ("a = 1".encode("utf-32"), "is UTF-32 text"),
        ("a = 1".encode("utf-16-le"), "line 1 has a null character"),
        (b"a\nb\xff", "is not UTF-8 text: line 2"),
        (b"\xed\xa0\x80", "is not UTF-8 text: line 1"),  # half a surrogate
        (b"\xc0\x80", "is not UTF-8 text: line 1"),  # an overlong null
        (b"a\n\n\0", "line 3 has a null character"),
        (b"\x7fELF\x02\x01\x01\x00", "line 1 has a null character"),
    ],
)
def test_other_encodings_and_binary_files_are_named_as_such(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    error = refusal(tmp_path / "file")
    assert problem in error.message
    assert error.__cause__ is None
    assert error.__context__ is None  # it would hold the bytes


def test_a_name_cannot_forge_lines_of_the_message() -> None:
    error = refusal("/no\nhint: run this\x1b[2J\r")
    assert "\n" not in error.message
    assert "/no\\nhint: run this\\x1b[2J\\r" in error.message


def test_a_directory_that_cannot_be_listed_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b/x.jar", "a.jar", "b/c/y.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in files.files_below(tmp_path)]
    assert found == ["a.jar", "b/c/y.txt", "b/x.jar"]
    assert len(files.files_below(tmp_path, ".jar")) == 2
    with pytest.raises(FileNotFoundError):
        files.files_below(tmp_path / "nothing")
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("/b"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert list(tmp_path.rglob("*.jar")) == [tmp_path / "a.jar"]  # What Python's own says.
    with pytest.raises(PermissionError):
        files.files_below(tmp_path, ".jar")
