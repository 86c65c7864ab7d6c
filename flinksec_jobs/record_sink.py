# SPDX-License-Identifier: Apache-2.0
"""A PyFlink sink that learns the type of its records from the stream that it is attached to.

``stream.sink_to(sink)`` stays plain PyFlink; the records are encoded in the JVM by their row
type, so that no record crosses into Python only to be written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflink.datastream import DataStream
from pyflink.datastream.connectors.base import Sink, StreamTransformer, SupportsPreprocessing

from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm

BuildSink = Callable[[Any], Any]
"""From the stream's Java row type, or ``None`` for a stream of strings, to the Java sink."""

PrepareStream = Callable[[DataStream, Any], DataStream]
"""From the stream and its Java row type to the stream that the sink reads."""


class RecordSink(Sink, SupportsPreprocessing):  # type: ignore[misc]
    """What ``SecureJob.to_kafka`` and its siblings return, to be given to ``sink_to`` once.

    Args:
        target: what it writes to, for messages (``the topic delay-alerts``).
        name: what Flink calls the sink unless the job gives it a name (``Kafka delay-alerts``).
        build: makes the Java sink.
        prepare: changes the stream before it; by default nothing.
        uid: Flink's id of it unless the job gives it one; empty for none.
    """

    def __init__(
        self,
        target: str,
        name: str,
        build: BuildSink,
        prepare: PrepareStream = lambda stream, _: stream,
        *,
        uid: str = "",
    ) -> None:
        super().__init__(sink=None)
        self._target = target
        self._name = name
        self._uid = uid
        self._transformer = _Attach(self, build, prepare)

    def get_transformer(self) -> StreamTransformer:
        """PyFlink's hook: called by ``sink_to`` with the stream."""
        return self._transformer


class _Attach(StreamTransformer):  # type: ignore[misc]
    def __init__(self, sink: RecordSink, build: BuildSink, prepare: PrepareStream) -> None:
        self._sink = sink
        self._build = build
        self._prepare = prepare

    def apply(self, ds: DataStream) -> _Naming:
        """Build the sink for the records of a stream.

        Raises:
            JobError: the stream's records are neither rows nor strings.
        """
        if not jvm.is_stream_of_rows(ds) and not jvm.is_stream_of_strings(ds):
            raise JobError(
                f"the stream that goes to {self._sink._target} has records of a type that only "
                "Python can read",
                hint="name the type of what the last operation returns: "
                ".map(function, output_type=row_type(YourRecord)), or Types.STRING() for JSON",
            )
        row_type = jvm.row_type_of(ds)
        with jvm.translated(f"cannot write to {self._sink._target}"):
            stream = self._prepare(ds, row_type)
            self._sink._j_function = self._build(row_type)
        return _Naming(stream, self._sink._name, self._sink._uid)


class _Naming:
    """In the place of the stream, for ``sink_to``: names the sink that this makes."""

    def __init__(self, stream: DataStream, name: str, uid: str) -> None:
        self.stream = stream
        self._name = name
        self._uid = uid
        self._j_data_stream = self  # all that sink_to asks of a stream

    def sinkTo(self, j_sink: Any) -> Any:  # noqa: N802  Java's name
        made = self.stream._j_data_stream.sinkTo(j_sink)
        made.name(self._name)
        if self._uid:
            made.uid(self._uid)
        return made
