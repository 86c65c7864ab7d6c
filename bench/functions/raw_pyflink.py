# SPDX-License-Identifier: Apache-2.0
"""PyFlink alone: as its documentation writes it, in its best form, and with no Python at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from pyflink.common import Configuration, Types, WatermarkStrategy
from pyflink.common.serialization import ByteArraySchema, SimpleStringSchema
from pyflink.datastream import DataStream, KeyedStream, StreamExecutionEnvironment
from pyflink.datastream.connectors.base import DeliveryGuarantee
from pyflink.datastream.connectors.kafka import (
    KafkaOffsetsInitializer,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaSource,
)

from bench.functions import logic
from bench.functions.keyed_functions import Totals, Windows
from bench.functions.task import Task, given
from flinksec_jobs.runtime import local

if TYPE_CHECKING:
    from pyflink.common.serialization import SerializationSchema

BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
Loads = Callable[[Any], Any]
Dumps = Callable[[Any], Any]

# What its options offer where throughput counts more than latency: large bundles, caches for the
# state of more keys than there are (by default as many), no metrics.
_PROCESS_MODE = {
    "python.fn-execution.bundle.size": "100000",
    "python.fn-execution.bundle.time": "1000",
    "python.state.cache-size": "10000",
    "python.map-state.read-cache-size": "10000",
    "python.map-state.write-cache-size": "10000",
    "python.metric.enabled": "false",
}


def flink_options(task: Task) -> dict[str, str]:
    """Flink's options of a run; those of the library's jobs are the same."""
    options = {
        "pipeline.jars": ";".join(Path(jar).as_uri() for jar in task.jars),
        "pipeline.object-reuse": "true",
        "parallelism.default": str(task.parallelism),
        "execution.checkpointing.interval": "5 s",
        "execution.checkpointing.dir": (Path(task.directory) / "checkpoints").as_uri(),
        "state.backend.type": task.backend,
        "python.execution-mode": task.mode,
        "restart-strategy.type": "none",
        "rest.port": "0",
        "rest.address": "localhost",
        "rest.bind-address": "localhost",
    }
    options |= local.python_options()  # as in a virtual environment that is active
    if task.prompt:
        options["execution.buffer-timeout.interval"] = "5 ms"
    return options | (_PROCESS_MODE if task.mode == "process" else {})


def set_environment(task: Task) -> None:
    """Let Flink write its log into the run's directory, and have the memory that all have."""
    os.environ["FLINK_LOG_DIR"] = task.directory
    os.environ["JVM_ARGS"] = "-Xmx2g"


def environment(task: Task) -> StreamExecutionEnvironment:
    """PyFlink's environment of a run."""
    configuration = Configuration()
    for name, value in flink_options(task).items():
        configuration.set_string(name, value)
    return StreamExecutionEnvironment.get_execution_environment(configuration)


def source(env: StreamExecutionEnvironment, task: Task, schema: Any) -> DataStream:
    """The topic's values; event time is Kafka's timestamp."""
    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(task.bootstrap)
        .set_topics(task.source)
        .set_group_id("flink-bench")
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_value_only_deserializer(schema)
    )
    if task.bounded:
        builder = builder.set_bounded(KafkaOffsetsInitializer.latest())
    for name, value in task.java.items():
        builder.set_property(name, value)
    times = WatermarkStrategy.for_monotonous_timestamps()
    if task.workload != "windows":
        times = WatermarkStrategy.no_watermarks()
    return env.from_source(builder.build(), times, "payments")


def sink(stream: DataStream, task: Task, schema: SerializationSchema) -> None:
    """The stream to the topic, at least once."""
    records = (
        KafkaRecordSerializationSchema.builder()
        .set_topic(task.sink)
        .set_value_serialization_schema(schema)
        .build()
    )
    builder = (
        KafkaSink.builder()
        .set_bootstrap_servers(task.bootstrap)
        .set_delivery_guarantee(DeliveryGuarantee.AT_LEAST_ONCE)
        .set_record_serializer(records)
    )
    for name, value in task.java.items():
        builder.set_property(name, value)
    stream.sink_to(builder.build())


def documented(stream: DataStream, task: Task, loads: Loads, dumps: Dumps) -> DataStream:
    """Strings through `map`, `filter`, `key_by` with a function, and `process`."""
    if task.workload == "stateless":
        kept = stream.map(loads).map(logic.enriched).filter(lambda made: made is not None)
        return kept.map(dumps, Types.STRING())
    if task.workload == "json":
        return stream.map(loads).map(logic.reshaped).map(dumps, Types.STRING())
    if task.workload == "model":
        return stream.map(loads).map(_scored(logic.Model())).map(dumps, Types.STRING())

    third = "time" if task.workload == "windows" else "id"

    def parsed(text: str) -> tuple[str, int, int]:
        payment = loads(text)
        return payment["user"], payment[third], payment["amount"]

    read = stream.map(parsed, Types.TUPLE([Types.STRING(), Types.LONG(), Types.LONG()]))
    keyed = read.key_by(lambda payment: payment[0], Types.STRING())
    if task.workload == "windows":
        return keyed.process(Windows(lambda payment: payment, _window(dumps)), Types.STRING())
    return keyed.process(Totals(lambda payment: payment, _update(dumps)), Types.STRING())


def best(stream: DataStream, task: Task) -> DataStream:
    """Bytes into Python and back once a record; the key is found in the JVM."""
    loads, dumps = orjson.loads, orjson.dumps
    if task.workload == "stateless":

        def enriched(value: Any) -> Any:
            made = logic.enriched(loads(bytes(value)))
            if made is not None:
                yield dumps(made)

        return stream.flat_map(enriched, BYTES)
    if task.workload == "json":
        return stream.map(lambda value: dumps(logic.reshaped(loads(bytes(value)))), BYTES)
    if task.workload == "model":
        scored = _scored(logic.Model())
        return stream.map(lambda value: dumps(scored(loads(bytes(value)))), BYTES)

    third = "time" if task.workload == "windows" else "id"

    def parsed(value: Any) -> tuple[str, int, int]:
        payment = loads(bytes(value))
        return payment["user"], payment[third], payment["amount"]

    keyed = _keyed_in_the_jvm(stream)
    if task.workload == "windows":
        return keyed.process(Windows(parsed, _window(dumps)), BYTES)
    return keyed.process(Totals(parsed, _update(dumps)), BYTES)


def _keyed_in_the_jvm(stream: DataStream) -> KeyedStream:
    from pyflink.java_gateway import get_gateway

    jvm = get_gateway().jvm
    mapper = jvm.org.flinksec.bench.JsonKey("user")
    keys = stream._j_data_stream.map(mapper).returns(mapper.getProducedType())
    key_type = Types.ROW([Types.STRING()]).get_java_type_info()
    return KeyedStream(keys.keyBy(jvm.KeyByKeySelector(), key_type), BYTES, stream)


def _scored(model: logic.Model) -> Callable[[Any], Any]:
    def scored(payment: Any) -> Any:
        return {"id": payment["id"], "score": model.score(logic.features(payment))}

    return scored


def _update(dumps: Dumps) -> Callable[[int, str, int, int], Any]:
    return lambda number, user, total, count: dumps(
        {"id": number, "user": user, "total": total, "count": count}
    )


def _window(dumps: Dumps) -> Callable[[str, int, int, int], Any]:
    return lambda user, end, total, count: dumps(
        {"user": user, "end": end, "total": total, "count": count}
    )


def main() -> None:
    """Run one way."""
    task = given()
    set_environment(task)
    env = environment(task)
    if task.variant == "none":
        sink(source(env, task, ByteArraySchema()), task, ByteArraySchema())
    elif task.variant == "best":
        sink(best(source(env, task, ByteArraySchema()), task), task, ByteArraySchema())
    else:
        loads: Loads = json.loads
        dumps: Dumps = json.dumps
        if task.json == "orjson":
            loads, dumps = orjson.loads, lambda document: orjson.dumps(document).decode()
        strings = source(env, task, SimpleStringSchema())
        sink(documented(strings, task, loads, dumps), task, SimpleStringSchema())
    env.execute("bench")


if __name__ == "__main__":
    main()
