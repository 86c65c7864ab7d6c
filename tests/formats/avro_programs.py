# SPDX-License-Identifier: Apache-2.0
"""Programs that run jobs one by one, and say of each on a line of JSON what it came to."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from flinksec_jobs.sandbox import Sandbox
from tests.patience import PATIENCE


def ran(program: Path, sandbox: Sandbox, directory: Path, given: Any) -> dict[str, Any]:
    """What the jobs came to, by their names, with all ``logs`` and with ``err``.

    Args:
        program: it takes the paths of the settings and of a file with what is given.
        sandbox: its servers are in the settings.
        directory: for these files and for the logs.
        given: to the program, as JSON.
    """
    settings, file = directory / "settings.toml", directory / "given.json"
    sandbox.write_settings(settings)
    file.write_text(json.dumps(given))
    done = subprocess.run(
        [sys.executable, program, settings, file],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=os.environ | {"FLINKSEC_LOG_FILE": str(directory / "logs" / "jobs.log")},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"job"')]
    logs = "".join(path.read_text() for path in (directory / "logs").rglob("*.log"))
    return {line["job"]: line for line in lines} | {"logs": logs, "err": done.stderr}
