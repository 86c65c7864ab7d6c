# SPDX-License-Identifier: Apache-2.0
"""The API server's refusals as errors of ours, without headers: a token stands in one."""

from __future__ import annotations

import json
from typing import Any

from flinksec_jobs.deploy.kube_errors import (
    ConflictError,
    ForbiddenError,
    InvalidObjectError,
    KubeError,
    KubeUnreachableError,
)

# 0: TLS failed before there was a status. The others are told of a server that is not itself.
_NO_ANSWER = frozenset({0, 408, 429, 500, 502, 503, 504})
_UNAUTHORIZED, _FORBIDDEN, _CONFLICT = 401, 403, 409
_INVALID = frozenset({400, 413, 415, 422})


def refused(error: Any, method: str, path: str) -> KubeError:
    """Return the error of ours for a ``kubernetes.client.ApiException``."""
    said = _message(error) or f"{error.status} {error.reason}"
    if error.status in _NO_ANSWER:
        return unreachable(f"{error.status or 'TLS'}: {said}")
    if error.status == _UNAUTHORIZED:
        return ForbiddenError(
            "the API server does not take this login for an account",
            hint="log in again; `kubectl auth whoami` says who you are",
        )
    if error.status == _FORBIDDEN:
        # Names verb, resource and account; or what an admission has against it.
        return ForbiddenError(
            f"the API server forbids {method} {path}: {said}",
            hint="use an account that may, or give this one the right; docs/kubernetes.md has the "
            "rights of the deployer",
        )
    if error.status == _CONFLICT:
        return ConflictError(f"{method} {path}: {said}")
    if error.status in _INVALID:
        return InvalidObjectError(f"the API server does not take {method} {path}: {said}")
    return KubeError(f"the API server answers {method} {path} with {error.status}: {said}")


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
