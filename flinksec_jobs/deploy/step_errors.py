# SPDX-License-Identifier: Apache-2.0
"""How a step ends that cannot go on."""

from __future__ import annotations

from flinksec_jobs.errors import DeployError, FlinkSecError

_LONGEST = 1000  # some 50 of them are in one ConfigMap, of at most a MiB


class RefusedError(DeployError):
    """Nothing was changed: something must be different first."""


class UnclearError(DeployError):
    """It is not known yet what comes of it; the next command goes on from the record."""


class ForeignChangeError(DeployError):
    """Somebody else has changed the job meanwhile; nothing more is done."""


def shortened(text: str) -> str:
    """Return a reason as the record keeps it: in one line, and not longer than it has room for."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 2]} …"


def in_one_line(error: FlinkSecError) -> str:
    """Return an error and its way out as the history has them."""
    return f"{error.message}; {error.hint}" if error.hint else error.message
