# SPDX-License-Identifier: Apache-2.0
"""What a ``log4j-console.properties`` would write into a log and must not."""

from __future__ import annotations

import re

from flinksec_jobs.findings import Finding, Where, problem

_BEAM_LOGS_THE_ENVIRONMENT = problem(
    "beam-logs-the-environment", "every environment variable is written into the log"
)

BEAM_FACTORY = "org.apache.beam.runners.fnexecution.control.DefaultJobBundleFactory"


def logging_problems(properties: str, file: str | None = None) -> list[Finding]:
    """Return what is wrong with the text of a ``log4j-console.properties`` that lies in `file`."""
    values: dict[str, str] = dict(
        re.findall(r"^\s*([\w.-]+)\s*[=:]\s*(.*?)\s*$", properties, re.MULTILINE)
    )
    names = [key[: -len(".name")] for key, value in values.items() if value == BEAM_FACTORY]
    levels = [str(values.get(f"{name}.level")).upper() for name in names]
    root: str = values.get("rootLogger.level") or values.get("rootLogger") or "INFO"
    # All that it says at WARN has the environment in it, too.
    quiet = ("ERROR", "FATAL", "OFF")
    if any(level in quiet for level in levels) or (not levels and root.upper() in quiet):
        return []
    return [
        _BEAM_LOGS_THE_ENVIRONMENT.at(
            Where(file=file, field=BEAM_FACTORY),
            "at INFO and WARN it writes every environment variable into the log",
            fix=f"write: logger.beam.name = {BEAM_FACTORY} and logger.beam.level = ERROR",
        )
    ]
