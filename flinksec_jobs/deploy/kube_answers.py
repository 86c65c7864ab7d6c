# SPDX-License-Identifier: Apache-2.0
"""The API server's refusals as errors of ours, without headers: a token stands in one."""

from __future__ import annotations

import json
import re
from typing import Any

from flinksec_jobs.deploy.kube_errors import (
    ConflictError,
    ForbiddenError,
    InvalidObjectError,
    KubeError,
    KubeUnreachableError,
    UnauthorizedError,
)

# Told of a server that is not itself. A status of 0 is the client's for TLS that failed.
_NO_ANSWER = frozenset({408, 429, 500, 502, 503, 504})
_UNAUTHORIZED, _FORBIDDEN, _CONFLICT = 401, 403, 409
_ALERT = re.compile("ALERT_(BAD_CERTIFICATE|CERTIFICATE|UNKNOWN_CA)")
# What OpenSSL and the client say of files, before anybody is asked.
_FILES = re.compile(r"\[X509|\[SSL\] PEM|\[PEM|\[ASN1|SSLError \[Errno|FileNotFoundError")
_INVALID = frozenset({400, 413, 415, 422})


def refused(error: Any, method: str, path: str) -> KubeError:
    """Return the error of ours for a ``kubernetes.client.ApiException``."""
    said = _message(error) or f"{error.status or 'TLS:'} {error.reason}"
    if not error.status or error.status in _NO_ANSWER:
        return _silent(error, said)
    if error.status == _UNAUTHORIZED:
        return UnauthorizedError(
            "the API server does not take this login for an account",
            hint="log in again, a token or a client certificate may have ended; `kubectl auth "
            "whoami` says who you are",
        )
    if error.status == _FORBIDDEN:
        # Names verb, resource and account; or what an admission has against it.
        return ForbiddenError(
            f"the API server forbids {method} {path}: {said}",
            hint="use an account that may, or give this one the right; docs/kubernetes.md has the "
            "rights of the deployer",
        )
    if error.status == _CONFLICT:
        return ConflictError(
            f"{method} {path}: {said}",
            hint="somebody else has changed, made or removed it meanwhile: run the command again",
        )
    if error.status in _INVALID:
        return InvalidObjectError(
            f"the API server does not take {method} {path}: {said}",
            hint="correct the object in the overlay, or ask who wrote the admission policy that "
            "refuses it; --dry-run asks the API server and changes nothing",
        )
    return KubeError(
        f"the API server answers {method} {path} with {error.status}: {said}",
        hint="see whether the server has what is asked for: `kubectl version` names its release, "
        "`kubectl api-resources` its kinds",
    )


def _silent(error: Any, said: str) -> KubeError:
    if not error.status:
        return no_connection(" ".join(said.split()))
    found = unreachable(f"{error.status}: {said}")
    found.after = _retry_after(error)
    return found


def no_connection(why: object) -> KubeError:
    """Return the error for a connection that failed: one by certificates does not mend itself.

    Args:
        why: the client's error; TLS is in its text alone.
    """
    told = str(why)
    if "CERTIFICATE_VERIFY_FAILED" in told:
        return KubeError(
            f"the API server is not the one that the login names: {told}",
            hint="see certificate-authority-data and server in the kubeconfig, and --context",
        )
    if _FILES.search(told):
        return KubeError(
            f"the certificates of the login cannot be read, or do not fit its key: {told}",
            hint="see certificate-authority, client-certificate and client-key in the kubeconfig, "
            "and their -data",
        )
    if _ALERT.search(told):
        return UnauthorizedError(
            f"the API server does not take the client certificate of the login: {told}",
            hint="log in again; it may have ended: see client-certificate-data in the kubeconfig",
        )
    return unreachable(told)


def no_object(answer: object) -> KubeUnreachableError:
    """Return the error for an answer that is none of an API server: a proxy's page."""
    return unreachable(f"what answers sends no JSON object: {str(answer)[:60]!r}")


def _retry_after(error: Any) -> float:
    try:
        return max(0.0, float(error.headers["Retry-After"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return 0.0  # none, or a date


def unreachable(why: object) -> KubeUnreachableError:
    """Return the error for no answer."""
    return KubeUnreachableError(
        f"the API server does not answer: {why}",
        hint="run the same command again: it goes on where it was",
    )


def _message(error: Any) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return ""
