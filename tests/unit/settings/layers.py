# SPDX-License-Identifier: Apache-2.0
"""Settings from a file, an environment and arguments."""

from pathlib import Path
from typing import Any

from flinksec_jobs.settings import (
    Settings,
    load_settings,
)

BASE = """
[kafka]
bootstrap_servers = ["file:9092"]
security_protocol = "PLAINTEXT"
"""


def read(
    path: Path | None = None, environ: dict[str, str] | None = None, **overrides: Any
) -> Settings:
    return load_settings(path, environ=environ or {}, overrides=overrides)
