# SPDX-License-Identifier: Apache-2.0
"""What a data key is for: what providers that can bind to it, and key services audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from flinksec_jobs.sealed.format import VERSION, Context, WrappedKey, check_job

_PURPOSE = b"flinksec sealed\0"


@dataclass(frozen=True)
class AssociatedData:
    """What a data key was made for (``docs/state-format.md`` 3.5).

    Attributes:
        format_version: of the files that the data key seals.
        data_key_id: the data key's id, 16 bytes.
        job: the job that the data key was made for; empty if it is not known.

    Raises:
        ValueError: if no slot can hold a job of this name.
    """

    format_version: int
    data_key_id: bytes
    job: str

    def __post_init__(self) -> None:
        check_job(self.job)

    @classmethod
    def of(cls, context: Context, wrapped: WrappedKey) -> Self:
        """Return what a file says: its context names the data key, and the slot the job."""
        return cls(VERSION, context.data_key_id, wrapped.job)

    def to_bytes(self) -> bytes:
        """Return the same bytes in every language, for providers that bind bytes."""
        job = self.job.encode("ascii")
        head = _PURPOSE + self.format_version.to_bytes(1) + self.data_key_id
        return head + len(job).to_bytes(1) + job
