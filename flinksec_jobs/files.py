# SPDX-License-Identifier: Apache-2.0
"""Opening files that others wrote: regular ones only, never more of them than has a meaning.

Everything that this library reads from outside goes through here (a test looks for other ways).
A named pipe or a socket would wait for ever, a device such as ``/dev/zero`` never ends, and
opening some devices does something. `open_regular` and `content` raise `OSError` only;
`read_bytes` and `read_text` raise an error of this library that names the setting or argument.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.escaping import escaped

_KIB = 1024
_MIB = 1024 * _KIB
_CHUNK = _MIB

# The most that is read of a file of a kind. Each is many times what there is in practice.
SETTINGS = _MIB
SECRET = _MIB  # What a Secret of Kubernetes may have.
CERTIFICATES = 16 * _MIB  # A system's whole list of CAs has 0.3 MiB.
MANIFEST = 8 * _MIB
SCHEMA = 4 * _MIB  # Schemas and descriptors of records.
PROGRAM = 16 * _MIB
RECORD = 16 * _MIB  # What this library wrote itself; a line of data.

_KINDS = (
    (stat.S_ISDIR, errno.EISDIR, "is a directory, not a regular file"),
    (stat.S_ISFIFO, errno.EINVAL, "is a named pipe, not a regular file"),
    (stat.S_ISSOCK, errno.EINVAL, "is a socket, not a regular file"),
    (stat.S_ISCHR, errno.EINVAL, "is a device, not a regular file"),
    (stat.S_ISBLK, errno.EINVAL, "is a device, not a regular file"),
)
_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def open_regular(path: str | os.PathLike[str]) -> io.BufferedReader:
    """Open a regular file for reading, without waiting for anybody; links are followed.

    Raises:
        OSError: it is no regular file or cannot be opened; `strerror` says why, in words that
            follow the file's name.
    """
    try:
        # Asked before opening as well: opening a pipe wakes its writer, a tape rewinds.
        _refuse_irregular(Path(path).stat(), path)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError:
        # A null character, or half a surrogate: no file can have such a name.
        raise OSError(errno.EINVAL, "is no name that a file can have", os.fspath(path)) from None
    try:
        _refuse_irregular(os.fstat(descriptor), path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def content(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return what a regular file holds, if that is not more than a number of bytes.

    Raises:
        OSError: as `open_regular`; or it holds more (`EFBIG`), found before memory is taken.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise _too_large(path, limit)
        return bounded(file, limit, path)


def bounded(file: BinaryIO, limit: int, name: str | os.PathLike[str]) -> bytes:
    """Return the rest of an open stream, if that is not more than a number of bytes.

    Raises:
        OSError: it holds more (`EFBIG`), or cannot be read.
    """
    parts = io.BytesIO()
    while part := file.read(_CHUNK):
        parts.write(part)
        if parts.tell() > limit:
            raise _too_large(name, limit)
    return parts.getvalue()


def text_lines(file: BinaryIO, limit: int, name: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the lines of an open stream of any length as text in UTF-8, with their ends.

    Raises:
        OSError: a line has more than a number of bytes (`EFBIG`), or cannot be read.
        UnicodeDecodeError: a line is not UTF-8.
    """
    while line := file.readline(limit + 1):
        if len(line) > limit:
            raise _too_large(name, limit)
        yield line.decode("utf-8")


def read_bytes(
    path: str | os.PathLike[str],
    name: str,
    limit: int,
    *,
    error: type[FlinkSecError] = FlinkSecError,
) -> bytes:
    """Return what a regular file holds.

    Args:
        path: the file.
        name: the setting or argument that names it, for the message.
        limit: the most that it may hold, in bytes; one of this module's.
        error: the class to raise.

    Raises:
        FlinkSecError: of that class: missing, not readable, not regular, or too large.
    """
    try:
        return content(path, limit)
    except OSError as found:
        raise unreadable(path, name, found, error) from found


def unreadable(
    path: str | os.PathLike[str], name: str, found: OSError, error: type[FlinkSecError]
) -> FlinkSecError:
    """Return what to raise for a file that cannot be read, of a class of this library."""
    return error(f"{name} {escaped(path)} cannot be read: {reason(found)}", hint=_way_out(found))


def read_text(
    path: str | os.PathLike[str],
    name: str,
    limit: int,
    *,
    error: type[FlinkSecError] = FlinkSecError,
) -> str:
    """Return what a regular file holds as text: UTF-8, a byte order mark left out.

    Raises:
        FlinkSecError: as `read_bytes`; or it is no text in UTF-8.
    """
    found = read_bytes(path, name, limit, error=error)
    return decoded(found, f"{name} {escaped(path)}", error=error)


def decoded(data: bytes, what: str, *, error: type[FlinkSecError] = FlinkSecError) -> str:
    """Return bytes as text: UTF-8, a byte order mark left out, no null characters.

    Args:
        data: the bytes; they are not repeated in a message.
        what: names them in a message.
        error: the class to raise.

    Raises:
        FlinkSecError: of that class: another encoding, or no text.
    """
    for mark, encoding in _OTHER_ENCODINGS:
        if data.startswith(mark):
            raise error(
                f"{what} is {encoding} text", hint=f"make it UTF-8: iconv -f {encoding} -t UTF-8"
            )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as found:
        line = data.count(b"\n", 0, found.start) + 1
        problem = f"is not UTF-8 text: line {line} has a byte that is none"
    else:
        if "\0" not in text:
            return text
        line = text.count("\n", 0, text.index("\0")) + 1
        problem = f"is not text: line {line} has a null character"
    # Outside of the handler: its exception holds the bytes.
    raise error(f"{what} {problem}", hint="name a text file; save it as UTF-8")


def files_below(top: str | os.PathLike[str], ending: str = "") -> list[Path]:
    """Return every file under a directory whose name ends so, sorted; links are not followed down.

    `Path.rglob` leaves out a directory that it may not list, and says nothing.

    Raises:
        OSError: a directory cannot be listed, or is none.
    """

    def told(error: OSError) -> None:
        raise error

    return sorted(
        Path(directory, name)
        for directory, _, names in os.walk(top, onerror=told)
        for name in names
        if name.endswith(ending)
    )


def standard_input() -> BinaryIO:
    """Return standard input.

    Raises:
        OSError: the process was started without one.
    """
    if sys.stdin is None:
        raise OSError(errno.EBADF, "is closed")
    return sys.stdin.buffer


def reason(error: OSError) -> str:
    """Return why a file cannot be used, in words that follow its name and a colon."""
    text = error.strerror or "error"
    return text if text.startswith("is ") else text[:1].lower() + text[1:]


def _refuse_irregular(found: os.stat_result, path: str | os.PathLike[str]) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    for is_kind, number, problem in _KINDS:
        if is_kind(found.st_mode):
            raise OSError(number, problem, os.fspath(path))
    raise OSError(errno.EINVAL, "is not a regular file", os.fspath(path))


def _too_large(path: str | os.PathLike[str], limit: int) -> OSError:
    size = f"{limit // _MIB} MiB" if limit >= _MIB else f"{limit // _KIB} KiB"
    return OSError(
        errno.EFBIG, f"holds more than {size}, the most for such a file", os.fspath(path)
    )


def _way_out(error: OSError) -> str:
    if error.errno == errno.EFBIG:
        return "is it the right file?"
    if error.errno in {errno.EINVAL, errno.EISDIR}:
        return "name a regular file"
    return f"make sure that it exists and that user id {os.geteuid()} may read it"
