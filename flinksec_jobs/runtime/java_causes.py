# SPDX-License-Identifier: Apache-2.0
"""What a Java exception does not say by itself: that it is about a KDC or a KMS, and a way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

OF_KERBEROS = ("javax.security.auth.login.LoginException", "org.ietf.jgss.GSSException")
_OF_NETWORKS = ("java.net.",)
_OF_TLS = ("javax.net.ssl.", "java.security.cert.", "sun.security.provider.certpath.")
_OF_KMS = "org.apache.hadoop.crypto.key.kms."
_BAD_RECORD = "org.flinksec.badrecords.BadRecordException"
_IN_A_ROW = "job.max_skipped_in_a_row"
# More than those of a handshake of TLS, within which a certificate is refused.
_MOST_FRAMES = 150


def of_kdc(chain: Sequence[Any]) -> str | None:
    """Return that no KDC answers, if that is what a login, or a ticket for a server, failed of.

    Args:
        chain: Java exceptions, each the cause of the one before.
    """
    names = [str(exception.getClass().getName()) for exception in chain]
    asked = next((name for name in names if name in OF_KERBEROS), None)
    if asked is None or not names[-1].startswith(_OF_NETWORKS):
        return None
    return f"{asked.rsplit('.', 1)[-1]}: no KDC answers ({_said(chain[-1])})"


def of_kms(chain: Sequence[Any]) -> str | None:
    """Return that a KMS does not answer, or is not trusted, if that is what its client failed of.

    Args:
        chain: Java exceptions, each the cause of the one before.
    """
    name = str(chain[-1].getClass().getName())
    if not name.startswith((*_OF_NETWORKS, *_OF_TLS)):
        return None
    frames = list(chain[-1].getStackTrace())[:_MOST_FRAMES]
    if not any(str(frame.getClassName()).startswith(_OF_KMS) for frame in frames):
        return None
    what = "does not answer" if name.startswith(_OF_NETWORKS) else "is not trusted"
    return f"the KMS {what}: {_said(chain[-1])}"


def hint(chain: Sequence[Any]) -> str | None:
    """Return what to do about a bad record that fails a job; ``None`` about anything else.

    Args:
        chain: Java exceptions, each the cause of the one before.
    """
    for exception in chain:
        if exception.getClass().getName() != _BAD_RECORD:
            continue
        if _IN_A_ROW in (exception.getMessage() or ""):
            return f"correct what all of them have in common, or raise {_IN_A_ROW}"
        return 'leave such records out by on_error="skip", or keep them by on_error="dead_letter"'
    return None


def _said(exception: Any) -> str:
    name, message = exception.getClass().getName().rsplit(".", 1)[-1], exception.getMessage()
    return f"{name}: {message}" if message else str(name)
