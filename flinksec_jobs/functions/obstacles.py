# SPDX-License-Identifier: Apache-2.0
"""What keeps a function from running in batches."""

from __future__ import annotations

from typing import Any

from flinksec_jobs.functions import codecs
from flinksec_jobs.records.field_types import FieldType
from flinksec_jobs.runtime import jvm

_ORDINARY = ("ProcessFunction", "KeyedProcessFunction")


def of_function(function: Any, *, keyed: bool) -> str | None:
    """Return why PyFlink's function object cannot run in batches; None if it can."""
    from pyflink.datastream import functions

    wanted = _ORDINARY[1] if keyed else _ORDINARY[0]
    if not isinstance(function, getattr(functions, wanted)):
        return f"it is no {wanted}"
    return None


def of_job(j_configuration: Any, *, keyed: bool) -> str | None:
    """Return why a job with these options cannot run functions in batches; None if it can."""
    options = jvm.view().org.apache.flink
    runtime = str(j_configuration.get(options.configuration.ExecutionOptions.RUNTIME_MODE))
    if keyed and runtime != "STREAMING":
        return f"execution.runtime-mode is {runtime}, in which keys come one after the other"
    return None


def of_output(output_type: Any) -> str | None:
    """Return why values of PyFlink's type of a result cannot go in batches; None if they can."""
    from pyflink.common.typeinfo import ExternalTypeInfo

    if isinstance(output_type, ExternalTypeInfo):
        return "its output has the type of a table's stream"
    return None


def of_types(**types: FieldType | None) -> str | None:
    """Return why values of these types, by what they are, cannot go in batches; None if they can.

    None for a type stands for pickled values.
    """
    for what, field in types.items():
        if field is not None and not codecs.can_cross(field):
            name = what.replace("_", " ")
            return f"its {name} has a type that is neither a row of known types nor pickled"
    return None
