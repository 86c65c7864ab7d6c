# SPDX-License-Identifier: Apache-2.0
"""`fast`: a stream whose functions get their records in batches."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flinksec_jobs.errors import JobError
from flinksec_jobs.functions import obstacles
from flinksec_jobs.functions.crossing_types import crossing_type
from flinksec_jobs.functions.plan import Plan
from flinksec_jobs.records import declared
from flinksec_jobs.records.field_types import FieldType
from flinksec_jobs.records.guard import guard_of
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from pyflink.common.typeinfo import TypeInformation
    from pyflink.datastream import DataStream

WITHOUT_BATCHES = (
    *("ConnectedStreams", "BroadcastStream", "BroadcastConnectedStream"),
    *("WindowedStream", "AllWindowedStream"),
)
"""What PyFlink has whose functions do not run in batches."""

BATCH_MODE = "flinksec.python.batch-execution-mode"
"""The option that says where; without it, it is where Flink's other functions run."""

_log = logging.getLogger("flinksec_jobs")


def fast(stream: DataStream) -> Fast:
    """Return a stream whose Python functions get their records in batches.

    ``fast(by_user).process(Totals(), row_type(Total))`` runs the same function as
    ``by_user.process(…)``, with the same results, states, timers and side outputs. What cannot
    run in batches runs as PyFlink runs it, and a warning says why: so do all functions of windows,
    and of connected and broadcast streams, which are returned as they are.

    Args:
        stream: of PyFlink; with keys, as `key_by_field` or ``key_by`` makes it, or without.

    Raises:
        JobError: it is no stream of PyFlink.
    """
    from pyflink.datastream import data_stream

    without = tuple(getattr(data_stream, name) for name in WITHOUT_BATCHES)
    if isinstance(stream, without):
        _log.warning(
            "fast(): the functions of a %s run record by record, as PyFlink runs them",
            type(stream).__name__,
        )
        return stream  # type: ignore[no-any-return]
    return of_stream(stream, "fast")


def of_stream(stream: Any, call: str) -> Fast:
    """Return what runs functions of a stream in batches.

    Args:
        stream: of PyFlink, or what `fast` has returned.
        call: the name of the function that got it, for a message.

    Raises:
        JobError: it is no stream of PyFlink.
    """
    from pyflink.datastream import DataStream

    if isinstance(stream, Fast):
        return stream
    if not isinstance(stream, DataStream):
        raise JobError(
            f"{call}() got a {type(stream).__name__}, which is no stream of PyFlink",
            hint="give it what from_kafka, key_by_field or an operation of a stream returns",
        )
    return Fast(stream)


class Fast:
    """The operations of a stream whose functions run in batches; each returns PyFlink's stream.

    Args:
        stream: PyFlink's.
    """

    def __init__(self, stream: DataStream) -> None:
        from pyflink.datastream import KeyedStream

        self._stream = stream
        self.keyed = isinstance(stream, KeyedStream)
        # PyFlink's own filter of a keyed stream asks for it.
        self._original_data_type_info = getattr(stream, "_original_data_type_info", None)
        self._j_data_stream = stream._j_data_stream

    def map(
        self, func: Callable[..., Any] | Any, output_type: TypeInformation | None = None
    ) -> DataStream:
        """Return a stream of what the function returns for each element: PyFlink's ``map``."""
        return type(self._stream).map(self, func, output_type)

    def flat_map(
        self, func: Callable[..., Any] | Any, output_type: TypeInformation | None = None
    ) -> DataStream:
        """Return a stream of all that the function gives: PyFlink's ``flat_map``."""
        return type(self._stream).flat_map(self, func, output_type)

    def filter(self, func: Callable[..., Any] | Any) -> DataStream:
        """Return a stream of the elements that the function accepts: PyFlink's ``filter``."""
        return type(self._stream).filter(self, func)

    def reduce(self, func: Callable[..., Any] | Any) -> DataStream:
        """Return a stream of what the elements of each key come to: PyFlink's ``reduce``."""
        if not self.keyed:
            raise JobError(
                "fast(…).reduce is for a stream with keys",
                hint="put key_by_field(…) or key_by(…) before it",
            )
        return type(self._stream).reduce(self, func)

    def __getattr__(self, name: str) -> Any:
        """Say where PyFlink's other operations are.

        Raises:
            JobError: the stream has the operation, and this has not.
        """
        if name.startswith("_") or not hasattr(self._stream, name):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise JobError(
            f"fast(…) has map, flat_map, filter, reduce and process, and no {name}",
            hint=f"call {name} on the stream itself, or on what one of these returns",
        )

    def process(self, func: Any, output_type: TypeInformation | None = None) -> DataStream:
        """Return a stream of what the function gives: PyFlink's ``process``.

        Args:
            func: a ``KeyedProcessFunction`` on a stream with keys, else a ``ProcessFunction``.
            output_type: of what it gives; None for pickled values.
        """
        name = declared.name_of(func)
        plan = self._plan(func, output_type, name)
        if isinstance(plan, str):
            whole = getattr(func, "flinksec_whole", None)
            if whole is not None and whole.as_arrow:
                raise JobError(
                    f"{name} cannot get Arrow data: {plan}",
                    hint="let it take a list of records, or change what is in the way",
                )
            _log.warning("fast(): %s runs record by record, as PyFlink runs it: %s", name, plan)
            return self._stream.process(func, output_type)
        return self._operated(plan, output_type)

    def _plan(self, func: Any, output_type: Any, name: str) -> Plan | str:
        """Return what is needed to run a function in batches, or why it cannot be."""
        from pyflink.common import typeinfo
        from pyflink.util.java_utils import get_j_env_configuration

        java = self._j_data_stream
        configuration = get_j_env_configuration(java.getExecutionEnvironment())
        why_not = obstacles.of_function(func, keyed=self.keyed) or obstacles.of_job(
            configuration, keyed=self.keyed
        )
        if why_not:
            return why_not
        key = None
        try:
            if self.keyed:
                j_key = java.getTransformation().getOutputType().getTypeAt(0)
                key = crossing_type(typeinfo._from_java_type(j_key))
                key = getattr(self._stream, "flinksec_key", None) or key
            element = self.element()
        except TypeError:
            return "PyFlink does not know the type of its elements"
        result = crossing_type(output_type)
        why_not = obstacles.of_output(output_type) or obstacles.of_types(
            element=element, key=key, output_type=result
        )
        return why_not or Plan(
            function=func,
            name=name,
            element=element,
            result=result,
            wanted=declared.declared(output_type),
            hands_on=declared.hands_on(func),
            keyed=self.keyed,
            key=key,
            guard=guard_of(func),
        )

    def element(self) -> FieldType | None:
        """Return what functions get; None for pickled values.

        Raises:
            TypeError: PyFlink does not know its type.
        """
        from pyflink.common import typeinfo

        return crossing_type(typeinfo._from_java_type(self._j_element_type()))

    def _j_element_type(self) -> Any:
        """Return Java's type of an element; of one behind a key, without the key."""
        j_type = self._j_data_stream.getTransformation().getOutputType()
        if self.keyed:
            return j_type.getTypeAt(1)
        return jvm.row_type_of(self._stream) or j_type

    def _operated(self, plan: Plan, output_type: Any) -> DataStream:
        from pyflink.common import Types
        from pyflink.common.typeinfo import RowTypeInfo
        from pyflink.util.java_utils import get_j_env_configuration

        if isinstance(output_type, list):
            output_type = RowTypeInfo(output_type)
        made_type = Types.PICKLED_BYTE_ARRAY() if output_type is None else output_type
        java = self._j_data_stream
        with jvm.translated(f"{plan.name} cannot run in batches"):
            j_type = made_type.get_java_type_info()
            configuration = get_j_env_configuration(java.getExecutionEnvironment())
            operator = jvm.view().org.flinksec.functions.BatchFunctions.operator(
                configuration,
                plan.pickled(),
                java.getTransformation(),
                self._j_element_type(),
                plan.keyed,
                j_type,
                _is_in_process(configuration),
            )
            if plan.guard is not None:
                plan.guard.used(operator)
            kind = "Keyed Process in batches" if plan.keyed else "Process in batches"
            made = java.transform(kind, j_type, operator)
        return _stream_class()(made, operator)


def _is_in_process(j_configuration: Any) -> bool:
    """Whether functions in batches have processes of their own, in a job with these options."""
    option = jvm.view().org.apache.flink.python.PythonOptions.PYTHON_EXECUTION_MODE
    mode = j_configuration.get(option)
    return bool(j_configuration.getString(BATCH_MODE, mode) == "process")


def _stream_class() -> Any:
    from pyflink.datastream import DataStream

    class FastStream(DataStream):  # type: ignore[misc]
        """PyFlink's stream, which tells its operator of the side outputs that are read."""

        def __init__(self, j_stream: Any, j_operator: Any) -> None:
            super().__init__(j_stream)
            self._j_operator = j_operator

        def get_side_output(self, output_tag: Any) -> DataStream:
            """Return the stream of a side output."""
            with jvm.translated(f"the side output {output_tag.tag_id!r} cannot be read"):
                self._j_operator.addSideOutput(
                    output_tag.tag_id, output_tag.type_info.get_java_type_info()
                )
            return super().get_side_output(output_tag)

    return FastStream
