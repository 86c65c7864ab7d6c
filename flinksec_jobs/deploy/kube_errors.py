# SPDX-License-Identifier: Apache-2.0
"""What the API server refuses, or does not answer."""

from __future__ import annotations

from flinksec_jobs.errors import DeployError


class KubeError(DeployError):
    """The API server refuses something, or does not answer."""


class KubeUnreachableError(KubeError):
    """There was no answer. What was asked for may have been done all the same.

    Attributes:
        after: seconds after which the server wants to be asked again; 0 if it has not said.
    """

    after: float = 0.0


class ForbiddenError(KubeError):
    """The account may not do it; the message names verb, object and account."""


class UnauthorizedError(ForbiddenError):
    """The login is none: it has ended, or was withdrawn."""


class ConflictError(KubeError):
    """The object is another one than was thought: changed, made or deleted by someone else."""


class InvalidObjectError(KubeError):
    """The API server does not take the object: a field is wrong, or an admission refuses it."""
