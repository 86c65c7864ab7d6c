# SPDX-License-Identifier: Apache-2.0
"""The example job of Avro does what it says: its dead letters come back when it is mended."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro

from flinksec_jobs import kafka_python, load_settings
from flinksec_jobs.sandbox import Sandbox
from tests.servers.conftest import StartedJob

JOBS = Path(__file__).parents[2] / "jobs"
PATIENCE = 180
CANARY = b"canary-of-an-order"


def flinksec(*arguments: object, settings: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flinksec_jobs", *map(str, arguments), "--settings", settings],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait(condition: Callable[[], bool], job: StartedJob) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert job.process.poll() is None, job.end(1)
        assert time.monotonic() < end, "the job does not come to it"
        time.sleep(1)


def avro(order: dict[str, Any]) -> bytes:
    schema = fastavro.parse_schema(json.loads((JOBS / "order.avsc").read_text()))
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, order)
    return out.getvalue()


def test_orders_that_a_job_cannot_use_come_back_when_it_is_mended(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    from kafka import KafkaProducer

    sandbox.create_topics({"orders-avro": 2, "order-totals": 1, "order-totals-dead-letters": 1})
    settings = tmp_path / "settings.toml"
    sandbox.write_settings(settings)
    text = settings.read_text()
    assert "[job]" not in text
    settings.write_text(f'{text}\n[job]\ndead_letters = "order-totals-dead-letters"\n')
    variables = {
        "FLINKSEC_STATE__DIRECTORY": str(tmp_path / "state"),
        "FLINKSEC_STATE__CHECKPOINT_INTERVAL": "1 s",
        "FLINKSEC_LOG_DIR": str(tmp_path / "logs"),
        "FLINKSEC_KAFKA__TRANSACTIONAL_ID_PREFIX": "flink",
        "FLINKSEC_KAFKA__GROUP_ID": "flink-orders",
    }
    login = load_settings(sandbox.directory / "settings-scram-sha-512.toml")
    with kafka_python.client_options(login) as options:
        producer = KafkaProducer(**options)
        for number in range(20):
            currency = "USD" if number % 4 == 0 else "EUR"
            order = {"id": str(number), "amount": Decimal(number), "currency": currency}
            producer.send("orders-avro", key=b"%d" % number, value=avro(order))
        producer.send("orders-avro", key=b"broken", value=CANARY)
        producer.flush()
        producer.close()

    def totals() -> dict[str, Decimal]:
        lines = sandbox.consume("order-totals")
        found = [json.loads(line, parse_float=Decimal) for line in lines]
        assert len({one["id"] for one in found}) == len(found), "an order came twice"
        return {one["id"]: one["euros"] for one in found}

    job = StartedJob(settings, variables, JOBS / "order_totals.py", ["EUR=1"])
    try:
        wait(lambda: len(totals()) == 15, job)
        wait(lambda: sandbox.topic_size("order-totals-dead-letters") > 0, job)
        time.sleep(2)
        stop = [sys.executable, "-m", "flinksec_jobs", "stop", "order-totals", "--savepoint"]
        subprocess.run(stop, check=True, capture_output=True, timeout=PATIENCE)
        job.end(PATIENCE)
    finally:
        job.kill()

    def causes() -> dict[str, dict[str, Any]]:
        listed = json.loads(flinksec("dead-letters", "ls", "--json", settings=settings))["causes"]
        assert CANARY.decode() not in json.dumps(listed)
        return {one["stage"]: one for one in listed}

    found = causes()
    assert found["TRANSFORMATION"]["letters"] == 5
    assert found["TRANSFORMATION"]["error"] == "KeyError"
    assert found["VALUE_CONVERTER"]["letters"] == 1
    cause = found["TRANSFORMATION"]["cause"]
    sent = flinksec("dead-letters", "replay", "--cause", cause, "--json", settings=settings)
    assert json.loads(sent)["sent"] == {"orders-avro": 5}

    job = StartedJob(settings, variables, JOBS / "order_totals.py", ["EUR=1", "USD=0.5"])
    try:
        wait(lambda: len(totals()) == 20, job)
    finally:
        job.kill()
    assert totals() == {
        str(number): Decimal(number) * (Decimal("0.5") if number % 4 == 0 else 1)
        for number in range(20)
    }
    assert causes()["TRANSFORMATION"]["replayed"] == 5
