# SPDX-License-Identifier: Apache-2.0
"""The settings of `[python]`: how Flink runs the job's Python functions."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from flinksec_jobs.sections.decides import Decides
from flinksec_jobs.sections.fields import Duration, Section
from flinksec_jobs.settings.sizes import size_bytes


def _size(size: str | None) -> str | None:
    if size is not None and not size_bytes(size):
        raise ValueError("is no size, such as 512m or 2g")
    return size


class PythonSettings(Section):
    """How Flink runs the job's Python functions."""

    execution_mode: Annotated[Literal["thread", "process"], Decides("python.execution-mode")] = (
        Field(
            default="thread",
            description="thread: inside Flink's JVM, much faster. process: in processes of their "
            "own, isolated from it.",
        )
    )
    batch_execution_mode: Annotated[
        Literal["thread", "process"] | None,
        Decides("flinksec.python.batch-execution-mode"),
    ] = Field(
        default=None,
        description="The same for functions of fast(...), of which each has a process for itself "
        "in each parallel instance, nearly as fast as a thread. Default: as execution_mode.",
    )
    batch_records: Annotated[int, Decides("flinksec.python.batch-records")] = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="Records that a function of fast(...) gets in one batch, at most.",
    )
    batch_bytes: Annotated[int, Decides("flinksec.python.batch-bytes")] = Field(
        default=1024 * 1024,
        ge=1,
        le=1024**3,
        description="Bytes of records from which on such a batch is full.",
    )
    batch_wait: Annotated[Duration, Decides("flinksec.python.batch-wait")] = Field(
        default=timedelta(milliseconds=5),
        description="Time that a record may wait for others of its batch; one that nothing "
        "follows waits some milliseconds at most.",
    )
    function_timeout: Annotated[Duration | None, Decides("flinksec.python.function-timeout")] = (
        Field(
            default=None,
            description="Time that a function of fast(...) may take for one record, after which it "
            "is interrupted and the job fails. Default: any.",
        )
    )
    process_memory: Annotated[
        str | None, AfterValidator(_size), Decides("flinksec.python.process-memory")
    ] = Field(
        default=None,
        description="Memory that the process of a function of fast(...) may have, such as 2g, "
        "after which it is ended and the job fails. Default: any.",
    )
