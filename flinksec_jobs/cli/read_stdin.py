# SPDX-License-Identifier: Apache-2.0
"""Manifests from standard input."""

from __future__ import annotations

from flinksec_jobs.errors import ManifestError
from flinksec_jobs.files import MANIFEST, bounded, decoded, reason, standard_input

STANDARD_INPUT = "standard input"


def read_stdin() -> str:
    """Return all of standard input as text.

    Raises:
        ManifestError: it cannot be read, is too long, or is no UTF-8.
    """
    try:
        content = bounded(standard_input(), MANIFEST, STANDARD_INPUT)
    except OSError as error:
        raise ManifestError(f"{STANDARD_INPUT} cannot be read: {reason(error)}") from error
    return decoded(content, STANDARD_INPUT, error=ManifestError)
