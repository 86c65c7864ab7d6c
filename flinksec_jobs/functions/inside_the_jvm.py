# SPDX-License-Identifier: Apache-2.0
"""A function in the Python of Flink's JVM; ``org.flinksec.functions.EmbeddedPython`` calls it."""

from __future__ import annotations

from typing import Any

from flinksec_jobs.functions.runner import Runner


def runner(payload: bytes) -> Runner:
    """Return what runs a function, of a pickled `Plan`."""
    # Imported first: by it `worker.prepare` knows that this is inside the JVM.
    from pyflink.fn_execution.embedded import operation_utils  # noqa: F401

    return Runner(payload)


def context(j_context: Any, job_parameters: Any) -> Any:
    """Return PyFlink's runtime context of Java's."""
    from pyflink.fn_execution.datastream.embedded.runtime_context import StreamingRuntimeContext

    return StreamingRuntimeContext.of(j_context, job_parameters)
