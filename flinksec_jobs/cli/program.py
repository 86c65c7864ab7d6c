# SPDX-License-Identifier: Apache-2.0
"""The user's program, looked at before it is run: a file of Python that can be read."""

from __future__ import annotations

from pathlib import Path

from flinksec_jobs.errors import JobError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import PROGRAM, read_bytes


def check_program(path: Path) -> None:
    """Refuse what is no Python program.

    Raises:
        JobError: it cannot be read, or is no Python; says in which line.
    """
    content = read_bytes(path, "the job", PROGRAM, error=JobError)
    try:
        compile(content, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        problem = f"{line} is not Python: {error.msg}"
    except (ValueError, RecursionError, MemoryError):
        # Null characters, or parentheses within parentheses without end.
        problem = " is not Python"
    else:
        return
    raise JobError(f"the job {escaped(path)}{problem}", hint="name the job's .py file")
