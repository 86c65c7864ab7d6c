# SPDX-License-Identifier: Apache-2.0
"""Logs of a process as objects of JSON, one a line, with the id of the job that each is about."""

from __future__ import annotations

import json
import re

from flinksec_jobs.errors import SettingsError

_LAYOUT = "appender.console.layout"
_OF_THE_LAYOUT = re.compile(rf"^\s*{re.escape(_LAYOUT)}\..*\n?", re.MULTILINE)
_CONSOLE = re.compile(r"^\s*appender\.console\.type\s*[=:]\s*console\s*$", re.MULTILINE | re.I)
_FIELDS = {
    "timestamp": {
        "$resolver": "timestamp",
        "pattern": {"format": "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "timeZone": "UTC"},
    },
    "level": {"$resolver": "level", "field": "name"},
    "logger": {"$resolver": "logger", "field": "name"},
    "thread": {"$resolver": "thread", "field": "name"},
    # Flink's, in threads that work for a job.
    "job_id": {"$resolver": "mdc", "key": "flink-job-id"},
    "message": {"$resolver": "message", "stringified": True},
    # Ours: as %ex, but a failure that repeats takes one line.
    "failure": {"$resolver": "pattern", "pattern": "%failure", "stackTraceEnabled": False},
}


def with_json(properties: str, file: str) -> str:
    """Return a ``log4j-console.properties`` whose console writes JSON, and is the same otherwise.

    Args:
        properties: its text.
        file: where it is from, for the message.

    Raises:
        SettingsError: it has no appender of the name ``console``.
    """
    if not _CONSOLE.search(properties):
        raise SettingsError(
            f"cluster.logs is json, and {file} has no appender called console",
            hint="name it so, or leave cluster.logs out and choose the layout there",
        )
    own = f"{_LAYOUT}.type = JsonTemplateLayout\n{_LAYOUT}.eventTemplate = {json.dumps(_FIELDS)}\n"
    return f"{_OF_THE_LAYOUT.sub('', properties).rstrip()}\n{own}"
