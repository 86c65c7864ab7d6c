# SPDX-License-Identifier: Apache-2.0
"""The settings of `[job]`: how the job itself runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from flinksec_jobs.bad_records import OnError
from flinksec_jobs.sections.decides import Decides
from flinksec_jobs.sections.fields import Duration, Section
from flinksec_jobs.settings import addresses


class JobSettings(Section):
    """How the job itself runs."""

    parallelism: Annotated[int, Field(ge=1), Decides("parallelism.default")] = Field(
        default=1, description="Parallel instances of every operator."
    )
    resume: Literal["latest", "required", "first", "never"] | None = Field(
        default=None,
        description="latest: go on from the newest checkpoint or savepoint of the job, or start "
        "from nothing if it has none. required: there must be one. first: like required, but "
        "the very first start is from nothing. never: start from nothing. Default: required in "
        "a cluster, latest elsewhere.",
    )
    accept: tuple[str, ...] = Field(
        default=(),
        description="Old names in checkpoints that the job accepts after a renaming: "
        '"job NAME", "reads Kafka topic NAME", as the error prints them.',
    )
    on_error: OnError | None = Field(
        default=None,
        description="What from_kafka, to_kafka, to_elasticsearch and guard do with a bad record "
        "unless they say it themselves: fail, skip or dead_letter. Default: fail; dead_letter for "
        "guard.",
    )
    max_skipped_in_a_row: int = Field(
        default=100,
        ge=0,
        description="Number of bad records in a row, left out by on_error = skip or dead_letter, "
        "after which the job stops; 0 for no limit.",
    )
    dead_letters: Annotated[str | None, AfterValidator(addresses.kafka_topic)] = Field(
        default=None,
        description="Kafka topic that keeps bad records, by on_error = dead_letter; it must exist.",
    )
    max_dead_letters: int = Field(
        default=1000,
        ge=0,
        description="Number of dead letters in dead_letter_window after which the job fails, "
        "counted by each TaskManager; 0 for no limit.",
    )
    dead_letter_window: Duration = Field(
        default=timedelta(hours=1), description="The time that max_dead_letters is about."
    )
