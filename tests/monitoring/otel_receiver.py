# SPDX-License-Identifier: Apache-2.0
"""What a collector of OpenTelemetry does with metrics: it takes them over gRPC, as Protobuf."""

import importlib
import threading
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_METHOD = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
_STRING, _DOUBLE, _SFIXED64, _MESSAGE = 9, 1, 16, 11
# The part of opentelemetry-proto (v1) that is looked at: fields by message, with their numbers.
_MESSAGES: dict[str, tuple[tuple[str, int, int | str, bool], ...]] = {
    "Request": (("resource_metrics", 1, "ResourceMetrics", True),),
    "ResourceMetrics": (("resource", 1, "Resource", False), ("scope_metrics", 2, "Scope", True)),
    "Resource": (("attributes", 1, "KeyValue", True),),
    "KeyValue": (("key", 1, _STRING, False), ("value", 2, "AnyValue", False)),
    "AnyValue": (("string_value", 1, _STRING, False),),
    "Scope": (("metrics", 2, "Metric", True),),
    "Metric": (
        ("name", 1, _STRING, False),
        ("gauge", 5, "Points", False),
        ("sum", 7, "Points", False),
    ),
    "Points": (("data_points", 1, "Point", True),),
    "Point": (
        ("as_double", 4, _DOUBLE, False),
        ("as_int", 6, _SFIXED64, False),
        ("attributes", 7, "KeyValue", True),
    ),
}


def _request() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="otel.proto", package="otel", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, repeated in fields:
            made = message.field.add(name=field, number=number, label=3 if repeated else 1)
            if isinstance(kind, str):
                made.type, made.type_name = _MESSAGE, f".otel.{kind}"
            else:
                made.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("otel.Request"))


class Receiver:
    """A server on a free port of the loopback interface.

    Attributes:
        services: the names of those that have sent something.
    """

    def __init__(self) -> None:
        self._grpc: Any = importlib.import_module("grpc")
        self._lock = threading.Lock()
        self._values: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        self.services: set[str] = set()
        handler = self._grpc.unary_unary_rpc_method_handler(
            self._export, request_deserializer=_request().FromString
        )
        service, _, method = _METHOD[1:].partition("/")
        self._server = self._grpc.server(ThreadPoolExecutor(2))
        self._server.add_generic_rpc_handlers(
            (self._grpc.method_handlers_generic_handler(service, {method: handler}),)
        )
        self.port: int = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop(None)

    def values(self, name: str) -> list[tuple[dict[str, str], float]]:
        """The last values of a metric, with their attributes."""
        with self._lock:
            return [(dict(key), value) for key, value in self._values.get(name, {}).items()]

    def names(self) -> set[str]:
        """All metrics that were sent."""
        with self._lock:
            return set(self._values)

    def _export(self, request: Any, _: Any) -> bytes:
        with self._lock:
            for resource in request.resource_metrics:
                for attribute in resource.resource.attributes:
                    if attribute.key == "service.name":
                        self.services.add(attribute.value.string_value)
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        self._take(metric)
        return b""

    def _take(self, metric: Any) -> None:
        for points in (metric.gauge.data_points, metric.sum.data_points):
            for point in points:
                labels = tuple(sorted((a.key, a.value.string_value) for a in point.attributes))
                value = float(point.as_double or point.as_int)
                self._values.setdefault(metric.name, {})[labels] = value
