# SPDX-License-Identifier: Apache-2.0
"""A sink learns the type of its records from the stream. The JVM is replaced by hand."""

from typing import Any

import pytest
from pyflink.datastream import DataStream

from flinksec_jobs.errors import JobError
from flinksec_jobs.record_sink import RecordSink
from flinksec_jobs.runtime import jvm


@pytest.fixture
def stream_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Say what a stream's records are: a row type, ``"strings"`` or something else."""

    def say(kind: str) -> None:
        monkeypatch.setattr(jvm, "row_type_of", lambda _: kind if kind.startswith("row") else None)
        monkeypatch.setattr(jvm, "is_stream_of_strings", lambda _: kind == "strings")

    return say


@pytest.mark.parametrize(("kind", "row_type"), [("row of a", "row of a"), ("strings", None)])
def test_the_java_sink_is_built_for_the_type_of_the_stream(
    stream_of: Any, kind: str, row_type: str | None
) -> None:
    stream_of(kind)
    sink = RecordSink("the topic t", "Kafka t", lambda found: f"a sink for {found}")
    assert sink.get_transformer().apply("the stream").stream == "the stream"
    assert sink.get_java_function() == f"a sink for {row_type}"


def test_the_stream_can_be_changed_before_the_sink(stream_of: Any) -> None:
    stream_of("row of a")
    sink = RecordSink(
        "t", "Kafka t", lambda _: "a sink", lambda stream, found: f"{stream} with {found}"
    )
    assert sink.get_transformer().apply("s").stream == "s with row of a"


class JavaStream:
    """What Py4J shows of a stream and of the sink that it makes."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._j_data_stream = self
        self.name = self.names.append

    def sinkTo(self, sink: str) -> "JavaStream":  # noqa: N802  Java's name
        assert sink == "a sink"
        return self


def test_a_sink_is_called_after_what_it_writes_to_until_the_job_names_it(stream_of: Any) -> None:
    stream_of("strings")
    java = JavaStream()
    stream = DataStream(java)
    made = stream.sink_to(RecordSink("the topic t", "Kafka t", lambda _: "a sink"))
    assert java.names == ["Kafka t"]
    made.name("alerts")
    assert java.names == ["Kafka t", "alerts"]


def test_records_that_only_python_can_read_are_refused_with_what_to_write(stream_of: Any) -> None:
    stream_of("pickled objects")
    sink = RecordSink("the topic t", "Kafka t", lambda _: pytest.fail("it was built"))
    with pytest.raises(JobError, match="the stream that goes to the topic t") as caught:
        sink.get_transformer().apply("the stream")
    assert "output_type=row_type(YourRecord)" in str(caught.value.hint)
