# SPDX-License-Identifier: Apache-2.0
"""The one family of exceptions that this library raises.

::

    FlinkSecError
    ├── SettingsError *      a setting is unknown, missing or wrong
    ├── JavaNotFoundError *  no usable Java, or one that lacks a module
    ├── ResumeError *        it is not clear where a job goes on from
    ├── SealedStateError *   a sealed file is not whole
    ├── JobError *           a server refuses the job, or it failed in Flink
    ├── StatementError       a statement of SQL cannot be read, planned or allowed
    ├── SecretError          a file that a secret refers to cannot be used
    ├── RecordTypeError      a record class, or a field of it, has no Flink type
    ├── RecordValueError     a value does not fit the type of its field
    ├── ArtifactError        a jar is missing or is not the one that was locked
    ├── KeyRingError         a state key is missing, malformed or exposed
    ├── CertificateError     a certificate, key or store cannot be used or made
    ├── SandboxError         a sandbox server did not start or died
    ├── ManifestError        Kubernetes YAML cannot be read or rendered
    ├── DeployError          a job on Kubernetes cannot be deployed or changed, or not yet
    └── ImageError           an image cannot be built

Those with a star are public, as a caller does something else on each:

- `SettingsError`: trying again is useless; somebody must change the settings.
- `JavaNotFoundError`: the machine lacks something; a test may be left out there.
- `ResumeError`: somebody must say where the job goes on from, or stop the other run of it.
- `SealedStateError`: state was altered or is lost; sound an alarm, and do not begin from nothing.
- `JobError`: a server may have been down; the job can be started again.

The others are for people to read, and `FlinkSecError` catches them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flinksec_jobs.escaping import escaped_lines

if TYPE_CHECKING:
    from flinksec_jobs.findings import Finding


class FlinkSecError(Exception):
    """Something a user can act upon: what failed, and what to do about it.

    Args:
        message: what failed, with the name of the setting, never a secret's value.
        hint: the way out, in one or two sentences.
        findings: the problems that the message tells of, if a checker found them.

    Message and hint may name what comes from outside: control characters and the like are escaped,
    and lines after the first are indented.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, findings: Sequence[Finding] = ()
    ) -> None:
        self.findings = tuple(findings)
        self.message = escaped_lines(message, indent="  ")
        self.hint = escaped_lines(hint, indent="  ") if hint else hint
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class SettingsError(FlinkSecError):
    """A setting is unknown, missing or has a value that cannot be used."""


class SecretError(FlinkSecError):
    """A file that a secret refers to is missing, unreadable or too widely readable."""


class JavaNotFoundError(FlinkSecError):
    """No Java was found that can run Flink with Kerberos."""


class RecordTypeError(FlinkSecError):
    """A class cannot be a record: it is no dataclass, or a field's type has no Flink type."""


class RecordValueError(FlinkSecError):
    """A value does not have the type that its field, or a function's ``output_type``, declares.

    The message names the field and both types, and never the value.
    """


class ArtifactError(FlinkSecError):
    """A jar is missing, could not be fetched, or differs from the locked one."""


class KeyRingError(FlinkSecError):
    """A key of the state key ring is missing, malformed or too widely readable."""


class SealedStateError(FlinkSecError):
    """A sealed file is truncated, altered, foreign, or no sealed file at all."""


class ResumeError(FlinkSecError):
    """Where a job goes on from is not clear: state is lost, another job's, or in use."""


class CertificateError(FlinkSecError):
    """A certificate, its key or a store cannot be read, made or replaced."""


class SandboxError(FlinkSecError):
    """A sandbox server did not start, died, or could not be found."""


class ImageError(FlinkSecError):
    """An image cannot be built: a builder, a part or a file of the job is missing."""


class JobError(FlinkSecError):
    """The job failed in Flink; the message starts with the root cause."""


class StatementError(FlinkSecError):
    """A statement of SQL cannot be read, planned or allowed; the message has line and column."""


class ManifestError(FlinkSecError):
    """Kubernetes YAML cannot be read or rendered."""


class DeployError(FlinkSecError):
    """A job on Kubernetes cannot be deployed or changed, or it is not clear what came of it."""
