# SPDX-License-Identifier: Apache-2.0
"""The sandbox's schema registry and records that name its schemas, without any code of ours.

Records are fastavro's, and the registry is asked by Python's own HTTPS client.
"""

from __future__ import annotations

import io
import json
import ssl
import struct
import urllib.request
from base64 import b64encode
from typing import Any

import fastavro

from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.secrets import SecretFile
from tests.patience import PATIENCE


class Registry:
    """The sandbox's registry, asked by Python's own HTTPS client."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = f"https://localhost:{sandbox.ports['schema-registry']}"
        self.context = ssl.create_default_context(cafile=str(sandbox.ca_certs))
        secrets = sandbox.directory / "secrets" / "schema-registry-password"
        password = SecretFile(secrets).read_text()
        self._basic = b64encode(f"flink:{password}".encode()).decode()

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        headers = {"Authorization": f"Basic {self._basic}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, context=self.context, timeout=PATIENCE) as answer:
            return json.load(answer)

    def register(self, subject: str, schema: Any, references: list[Any] | None = None) -> int:
        body = {"schema": json.dumps(schema), "references": references or []}
        return int(self.ask(f"/subjects/{subject}/versions", body)["id"])

    def schema(self, number: int) -> Any:
        return fastavro.parse_schema(json.loads(self.ask(f"/schemas/ids/{number}")["schema"]))


def framed(number: int, schema: Any, value: Any) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    return struct.pack(">bI", 0, number) + out.getvalue()


def unframed(registry: Registry, data: bytes | None) -> tuple[Any, Any]:
    """What a key or value holds as fastavro reads it, and its schema."""
    assert data is not None
    magic, number = struct.unpack(">bI", data[:5])
    assert magic == 0
    schema = registry.schema(number)
    rest = io.BytesIO(data[5:])
    found = fastavro.schemaless_reader(rest, schema, None)
    assert rest.read() == b""
    return found, schema


def written(sandbox: Sandbox, registry: Registry, topic: str) -> list[tuple[Any, Any]]:
    """Each value of a topic as fastavro reads it, with its schema."""
    return [unframed(registry, one.value) for one in sandbox.records(topic)]
