# SPDX-License-Identifier: Apache-2.0
"""What a Python function of the job has raised, and where: without the machinery around it.

The text of an exception is the function's own and is shown as it is; it may hold what the function
put there.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

THREAD_MODE = "pemja.core.PythonException"
IN_BATCHES = "org.flinksec.functions.PythonFunctionException"
# What `org.flinksec.functions.PythonFunctionException` says of a function that does not return.
HUNG = "(python.function_timeout)"
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'^\s*File "(?P<file>.+)", line (?P<line>\d+), in (?P<function>.+)$')
_CLASS = re.compile(r"^<class '(?:[\w.<>]*\.)?(\w+)'>: ?", re.DOTALL)
_QUALIFIED = re.compile(r"^(?:[A-Za-z_]\w*\.)+([A-Za-z_]\w*)(?=:|$)")
_OF_RESULTS = re.compile("^(?:RecordValueError|WrongReturnError): ")
_MACHINERY = {"pyflink", "apache_beam", "pemja", "flinksec_jobs"}
_PACKAGES = ("site-packages", "dist-packages", ".zip")
_OURS = Path(__file__).parents[1]
_MOST_FRAMES, _MOST_CHARACTERS = 5, 2000
_NO_RESULT = (
    "the result of a Python function cannot be taken as its output type says, or its input cannot "
    "be given to it"
)


@dataclass(frozen=True)
class Frame:
    """A call that had not returned: ``file``, ``line`` from 1, and the name of the function."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}, in {self.function}"


def of_thread_mode(message: str, frames: Sequence[Frame]) -> str:
    """Tell what pemja reports.

    Args:
        message: ``<class 'ValueError'>: the text``.
        frames: the innermost first.
    """
    return _told(_CLASS.sub(r"\1: ", message, count=1), frames)


def of_process_mode(text: str) -> str | None:
    """Tell what Beam reports of a worker; ``None`` if no Python exception is in it."""
    _, found, last = text.rpartition(_TRACEBACK)
    if not found:
        return None
    frames: list[Frame] = []
    lines = last.splitlines()
    end = 0
    for at, line in enumerate(lines):
        if match := _FRAME.match(line):
            frames.append(Frame(match["file"], int(match["line"]), match["function"]))
            end = at + 1
    # Below a frame stand its source and perhaps marks under it, indented; then the exception.
    frame_indent = _indent(lines[end - 1]) if frames else 0
    while end < len(lines) and lines[end].strip() and _indent(lines[end]) > frame_indent:
        end += 1
    said = "\n".join(line.strip() for line in lines[end:]).strip()
    return _told(_QUALIFIED.sub(r"\1", said), frames[::-1])


def java_frame(class_name: str, file: str | None, line: int, function: str) -> Frame | None:
    """Return the frame of Python in an element of a Java stack trace; ``None`` for one of Java.

    Pemja puts the path without its suffix in the place of the class: ``/a/b/job``, ``job.py``.
    """
    if not file or not (file.endswith((".py", ".pyx")) or file.startswith("<")):
        return None
    return Frame(str(Path(class_name).with_name(file)), line, function)


def _told(said: str, frames: Sequence[Frame]) -> str:
    said = said.strip().removesuffix(":")[:_MOST_CHARACTERS]
    own = [frame for frame in frames if _is_of_the_user(frame.file)]
    if not own and HUNG in said:
        return said
    if not own:
        # Ours names the function itself.
        ours = _OF_RESULTS.sub("", said, count=1)
        return ours if ours != said else f"{_NO_RESULT}: {said}"
    shown = own[:_MOST_FRAMES]
    if frames[0] not in shown and not Path(frames[0].file).is_relative_to(_OURS):
        # It was raised further in, by a library.
        said += f"\n  raised in {frames[0]}"
    return said + "".join(f"\n  at {frame}" for frame in shown)


def _is_of_the_user(file: str) -> bool:
    path = Path(file)
    if _is_machinery(path) or file.startswith("<"):
        return False
    libraries = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib")}
    libraries |= {str(Path(one).resolve()) for one in libraries} | {f"{sys.base_prefix}/lib"}
    return not any(path.is_relative_to(library) for library in libraries)


def _is_machinery(path: Path) -> bool:
    """Whether a file belongs to a package of Flink's or ours; a job's directory may be so called.

    The files of compiled modules are told without the directory of packages.
    """
    parts = path.parts
    return path.is_relative_to(_OURS) or any(
        part in _MACHINERY and (place == 0 or parts[place - 1].endswith(_PACKAGES))
        for place, part in enumerate(parts)
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
