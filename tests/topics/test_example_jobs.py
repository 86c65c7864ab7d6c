# SPDX-License-Identifier: Apache-2.0
"""The example jobs of dead letters do what they say."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro

from flinksec_jobs import kafka_python, load_settings
from flinksec_jobs.sandbox import Sandbox
from tests.patience import PATIENCE
from tests.servers.conftest import StartedJob

JOBS = Path(__file__).parents[2] / "jobs"
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
        wait(lambda: len(list(sandbox.records("order-totals-dead-letters"))) == 6, job)
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


@dataclass
class Expected:
    """What events of parcels come to, by a plain pass over them."""

    history: set[str]
    places: dict[str, str]
    refused: int


def some_events(count: int) -> tuple[list[dict[str, Any]], Expected]:
    chosen = random.Random(15)
    expected = Expected(set(), {}, 0)
    events = []
    for number in range(count):
        parcel = f"p{chosen.randrange(count // 8)}"
        grams = CANARY.decode() if chosen.random() < 0.05 else str(chosen.randrange(5000))
        place, delivered = f"place {number}", chosen.random() < 0.1
        at = f"2026-03-01T10:{number // 60:02}:{number % 60:02}Z"
        events.append(
            {
                "parcel": parcel,
                "number": number,
                "at": at,
                "place": place,
                "grams": grams,
                "delivered": delivered,
            }
        )
        expected.history.add(f"{parcel}:{number}")
        if delivered:
            expected.places.pop(parcel, None)
        elif grams == CANARY.decode():
            expected.refused += 1
        else:
            expected.places[parcel] = place
    return events, expected


def test_parcels_have_their_history_in_a_stream_and_their_place_in_an_index_beside_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.create_topics({"parcel-events": 2, "parcels-dead-letters": 1})
    client = sandbox.elasticsearch_client()
    events, expected = some_events(400)
    sandbox.produce("parcel-events", [f"0\t{e['parcel']}\t{json.dumps(e)}" for e in events])
    settings = tmp_path / "settings.toml"
    sandbox.write_settings(settings)
    settings.write_text(f'{settings.read_text()}\n[job]\ndead_letters = "parcels-dead-letters"\n')
    variables = {
        "FLINKSEC_STATE__DIRECTORY": str(tmp_path / "state"),
        "FLINKSEC_STATE__CHECKPOINT_INTERVAL": "1 s",
        "FLINKSEC_LOG_DIR": str(tmp_path / "logs"),
        "FLINKSEC_KAFKA__GROUP_ID": "flink-parcels",
        "FLINKSEC_ELASTICSEARCH__SETUP": str(JOBS / "parcels"),
    }

    def found(index: str) -> dict[str, dict[str, Any]]:
        client.indices.refresh(index=index, ignore_unavailable=True)
        hits = client.search(index=index, size=1000, ignore_unavailable=True)["hits"]["hits"]
        return {hit["_id"]: hit["_source"] for hit in hits}

    def places() -> dict[str, str]:
        return {parcel: one["place"] for parcel, one in found("parcels").items()}

    job = StartedJob(settings, variables, JOBS / "parcels.py")
    try:
        wait(lambda: found("parcel-history").keys() == expected.history, job)
        wait(lambda: places() == expected.places, job)
        wait(lambda: sandbox.topic_size("parcels-dead-letters") >= expected.refused, job)
    finally:
        job.kill()
    hits = client.search(index="parcel-history", size=1)["hits"]["hits"]
    assert hits[0]["_index"].startswith(".ds-parcel-history-")
    listed = flinksec("dead-letters", "ls", "--json", settings=settings)
    (cause,) = json.loads(listed)["causes"]
    assert cause["stage"] == "TASK_PUT"
    assert cause["letters"] >= expected.refused > 5
    logs = "".join(log.read_text() for log in (tmp_path / "logs").iterdir())
    assert "field 'grams' does not fit its type integer in the mapping" in logs
    assert CANARY.decode() not in listed + logs
