# SPDX-License-Identifier: Apache-2.0
"""What Python logs in a cluster, as objects of JSON with the fields that Java's lines have."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime


class JsonFormatter(logging.Formatter):
    """One object a line, with the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        when = datetime.fromtimestamp(record.created, UTC)
        return json.dumps(
            {
                "timestamp": f"{when:%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03}Z",
                "level": {"WARNING": "WARN", "CRITICAL": "FATAL"}.get(
                    record.levelname, record.levelname
                ),
                "logger": record.name,
                "thread": record.threadName,
                "message": record.getMessage(),
            }
        )


def announce_in_json(logger: logging.Logger) -> None:
    """Have a logger write JSON, to where it would have written."""
    if not any(isinstance(handler.formatter, JsonFormatter) for handler in logger.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonFormatter())
        logger.addHandler(handler)
        logger.propagate = False
