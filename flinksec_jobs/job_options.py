# SPDX-License-Identifier: Apache-2.0
"""Flink's options of a job, made of its settings."""

from __future__ import annotations

from flinksec_jobs import job_name, state
from flinksec_jobs.runtime import jvm, local
from flinksec_jobs.sections.decides import as_texts, options_of
from flinksec_jobs.settings import Settings
from flinksec_jobs.settings.flink_defaults import defaults
from flinksec_jobs.settings.flink_options import laid_over


def flink_options(settings: Settings, name: str) -> dict[str, str]:
    """Return Flink's options of a job; what ``[flink]`` says wins.

    In a cluster its own configuration has the rest, and is left alone.

    Args:
        settings: the job's.
        name: the job's.
    """
    job = settings.model_copy(update={"cluster": None})
    options = options_of(job) | defaults("job", job) | {"pipeline.name": name}
    is_local = not jvm.runs_in_a_cluster()
    if is_local:
        options |= defaults("local", job) | local.python_options()
    if job.state:
        directory = state.job_directory(job.state, name)
        options["execution.checkpointing.dir"] = directory
        if is_local:
            # Beside the job's checkpoints, so that whose it is stands in its sealed name.
            options["execution.checkpointing.savepoint-dir"] = directory
            options["flinksec.sealed.job"] = job_name.bound_name(name)
    return as_texts(laid_over(job.flink, options))
