# SPDX-License-Identifier: Apache-2.0
"""The settings file that lies beside the running script."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def beside_the_script() -> Path | None:
    """Return it, if it is there, and the environment does not name another."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if os.environ.get("FLINKSEC_SETTINGS") or script is None:
        return None
    beside = Path(script).with_suffix(".toml")
    return beside if beside.is_file() else None
