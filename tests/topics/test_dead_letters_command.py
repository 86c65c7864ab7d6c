# SPDX-License-Identifier: Apache-2.0
"""`flinksec dead-letters` on a real broker, by every login, killed and started again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import kafka_python, load_settings
from flinksec_jobs.dead_letter_topics.letter import ERRORS, HOLDS, MARK
from flinksec_jobs.sandbox import Sandbox, kafka_logins
from tests.patience import PATIENCE
from tests.topics.test_logins_to_kafka import write_token

PROGRAMS = Path(__file__).parent / "programs"
LETTERS = 4000
FEW = 300
CANARY = b"canary-of-a-letter"
FIRST = 1_700_000_000_000


def command(*arguments: str | Path, settings: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flinksec_jobs", "dead-letters", *arguments, "--settings", settings],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def headers(number: int, stage: str, holds: str = "record") -> list[tuple[str, bytes]]:
    said = {
        HOLDS: holds,
        f"{ERRORS}topic": "letters-source",
        f"{ERRORS}partition": str(number % 2),
        f"{ERRORS}offset": str(number),
        f"{ERRORS}connector.name": "flink-letters",
        f"{ERRORS}stage": stage,
        f"{ERRORS}class.name": "org.flinksec.Json",
        f"{ERRORS}exception.class.name": "Undecodable",
        f"{ERRORS}exception.message": "field 'a' should be a string",
    }
    own = [("trace", b"t%d" % number), (f"{ERRORS}topic", b"forged")]
    return [*own, (MARK, b"1"), *((name, text.encode()) for name, text in said.items())]


@pytest.fixture(scope="module")
def plain(sandbox: Sandbox) -> Path:
    """The settings of the quickest login."""
    return sandbox.directory / "settings-scram-sha-512.toml"


@pytest.fixture(scope="module")
def dead(sandbox: Sandbox, plain: Path) -> None:
    """Letters of two causes, those that hold a record and some that do not."""
    write_token(sandbox)
    sandbox.create_topics({"letters": 2, "letters-source": 2, "letters-elsewhere": 1})
    write(plain, "letters", LETTERS, partitions=2, elements=3)


def write(
    settings: Path, topic: str, count: int, *, partitions: int = 1, elements: int = 0
) -> None:
    """Letters that hold a record, of two causes, and some that hold an element."""
    from kafka import KafkaProducer

    with kafka_python.client_options(load_settings(settings)) as options:
        producer = KafkaProducer(**options)
        for number in range(count):
            stage = "VALUE_CONVERTER" if number % 4 else "TRANSFORMATION"
            producer.send(
                topic,
                key=b"k%d" % number,
                value=None if number % 7 == 0 else b"%s %d \xff" % (CANARY, number),
                headers=headers(number, stage),
                partition=number % partitions,
                timestamp_ms=FIRST + number,
            )
        for number in range(elements):
            producer.send(topic, value=b"{}", headers=headers(number, "TRANSFORMATION", "element"))
        producer.flush()
        producer.close()


def read(settings: Path, topic: str) -> list[Any]:
    """All committed records of a topic, by an independent client."""
    from kafka import KafkaConsumer, TopicPartition

    with kafka_python.client_options(load_settings(settings)) as options:
        consumer = KafkaConsumer(**options, isolation_level="read_committed")
        partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        found = []
        while any(consumer.position(one) < ends[one] for one in partitions):
            for records in consumer.poll(timeout_ms=500).values():
                found += records
        consumer.close()
    return found


@pytest.mark.usefixtures("dead")
@pytest.mark.parametrize("login", ["", *kafka_logins.LOGINS])
def test_letters_are_listed_by_cause_with_every_login(sandbox: Sandbox, login: str) -> None:
    name = f"settings-{login}.toml" if login else "settings.toml"
    done = command("ls", "letters", "--json", settings=sandbox.directory / name)
    assert done.returncode == 0, done.stderr
    causes = json.loads(done.stdout)["causes"]
    assert [(one["stage"], one["letters"], one["records"]) for one in causes] == [
        ("VALUE_CONVERTER", LETTERS * 3 // 4, LETTERS * 3 // 4),
        ("TRANSFORMATION", LETTERS // 4 + 3, LETTERS // 4),
    ]
    assert {one["source"] for one in causes} == {"letters-source"}
    assert CANARY.decode() not in done.stdout + done.stderr


@pytest.mark.usefixtures("dead")
def test_a_letter_is_shown_with_its_content_only_where_that_is_asked_for(plain: Path) -> None:
    told = command("show", "letters", "--max", "2", settings=plain)
    assert told.returncode == 0, told.stderr
    assert "exception.message: field 'a' should be a string" in told.stdout
    assert CANARY.decode() not in told.stdout
    with_content = command("show", "letters", "--max", "2", "--content", settings=plain)
    assert CANARY.decode() in with_content.stdout
    assert "header trace: t" in with_content.stdout


@pytest.mark.usefixtures("dead")
def test_a_dry_run_counts_and_sends_nothing(plain: Path) -> None:
    done = command("replay", "letters", "--dry-run", "--json", settings=plain)
    assert json.loads(done.stdout) == {
        "dry_run": True,
        "sent": {"letters-source": LETTERS},
        "sent_before": 0,
        "without_a_record": 3,
    }
    assert read(plain, "letters-source") == []


@pytest.mark.usefixtures("dead")
def test_a_replay_that_is_killed_again_and_again_sends_each_letter_once(plain: Path) -> None:
    """One cause first, killed at odd moments; then all."""
    listed = json.loads(command("ls", "letters", "--json", settings=plain).stdout)["causes"]
    one_cause = listed[0]["cause"]
    arguments = ["replay", "letters", "--cause", one_cause, "--settings", plain]
    moments: Iterator[float] = iter([random.uniform(1.0, 4.0) for _ in range(5)])
    for moment in moments:
        process = subprocess.Popen(
            [sys.executable, "-m", "flinksec_jobs", "dead-letters", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    done = command("replay", "letters", "--cause", one_cause, "--json", settings=plain)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert sum(told["sent"].values()) + told["sent_before"] == LETTERS * 3 // 4
    done = command("replay", "letters", "--json", settings=plain)
    assert json.loads(done.stdout)["sent"] == {"letters-source": LETTERS // 4}
    again = command("replay", "letters", settings=plain)
    assert "no letters were sent" in again.stdout
    assert f"{LETTERS} letters had been sent before" in again.stdout

    arrived = read(plain, "letters-source")
    assert len(arrived) == LETTERS
    by_key = {record.key: record for record in arrived}
    for number in range(LETTERS):
        record = by_key[b"k%d" % number]
        wanted = None if number % 7 == 0 else b"%s %d \xff" % (CANARY, number)
        assert (record.partition, record.timestamp, record.value) == (
            number % 2,
            FIRST + number,
            wanted,
        )
        own = [(name, bytes(content)) for name, content in record.headers]
        assert own == [("trace", b"t%d" % number), (f"{ERRORS}topic", b"forged")]
    listed = json.loads(command("ls", "letters", "--json", settings=plain).stdout)["causes"]
    assert sum(one["replayed"] for one in listed) == LETTERS


def test_a_replay_that_is_killed_at_each_of_its_steps_sends_each_letter_once(
    sandbox: Sandbox, plain: Path
) -> None:
    sandbox.create_topics({"steps-letters": 1, "steps-arrived": 1})
    write(plain, "steps-letters", FEW)
    done = subprocess.run(
        [sys.executable, PROGRAMS / "replay_killed.py", plain, "steps-letters", "steps-arrived"],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    *killed, ended, again = json.loads(done.stdout)
    assert killed == [-signal.SIGKILL] * 22
    assert (ended, again) == (0, 0)
    assert "no letters were sent" in done.stderr
    arrived = [record.key for record in read(plain, "steps-arrived")]
    assert arrived == [b"k%d" % number for number in range(FEW)]


@pytest.mark.usefixtures("dead")
def test_pages_of_letters_follow_each_other_and_hold_all(plain: Path) -> None:
    begin: list[str] = []
    seen = []
    for _ in range(3):
        shown = command("show", "letters", "--max", "1500", *begin, settings=plain)
        assert shown.returncode == 0, shown.stderr
        lines = shown.stdout.splitlines()
        seen += [line for line in lines if line.startswith("letters, partition ")]
        begin = lines[-1].partition("there are more: ")[2].split()[:2]
    assert begin == []
    assert len(set(seen)) == len(seen) == LETTERS + 3


@pytest.mark.usefixtures("dead")
def test_what_has_nowhere_to_go_back_to_is_sent_where_it_is_told(plain: Path) -> None:
    done = command("replay", "letters", "--to", "letters-elsewhere", "--json", settings=plain)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sent"] == {"letters-elsewhere": LETTERS + 3}


@pytest.mark.usefixtures("dead")
def test_of_two_replays_at_once_the_second_ends_the_first_and_no_letter_goes_twice(
    sandbox: Sandbox, plain: Path
) -> None:
    sandbox.create_topics({"letters-at-once": 1})
    arguments: list[str | Path] = [
        "replay",
        "letters",
        "--to",
        "letters-at-once",
        "--settings",
        plain,
    ]
    processes = []
    for _ in range(3):
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "flinksec_jobs", "dead-letters", *arguments],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        time.sleep(random.uniform(0.0, 1.0))
    for process in processes:
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode in {0, 1}
        assert "Traceback" not in said
    done = command("replay", "letters", "--to", "letters-at-once", "--json", settings=plain)
    assert done.returncode == 0, done.stderr
    arrived = read(plain, "letters-at-once")
    assert len(arrived) == LETTERS + 3
    keys = [record.key for record in arrived if record.key]
    assert len(keys) == len(set(keys)) == LETTERS


@pytest.mark.usefixtures("dead")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ls", "no-such-topic"], "there is no topic no-such-topic for this login"),
        (["ls"], "no topic of dead letters is named"),
        (["replay", "letters", "--cause", "00000000"], "has the cause 00000000"),
        (
            ["replay", "letters", "--to", "no-such-topic"],
            "there is no topic no-such-topic for this login, to send letters to",
        ),
        (["replay", "letters", "--to", "no-such-topic", "--dry-run"], "no topic no-such-topic"),
        (["replay", "letters", "--to", "letters"], "--to names letters, from which letters are"),
        (["show", "letters", "--from", "7:0"], "letters has no partition 7"),
    ],
)
def test_what_cannot_be_done_is_told_by_name(plain: Path, arguments: list[str], said: str) -> None:
    done = command(*arguments, settings=plain)
    assert done.returncode == 1
    assert said in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_password_is_told_by_the_login(plain: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.touch(mode=0o600)
    wrong.write_text(CANARY.decode())
    settings = tmp_path / "settings.toml"
    text = plain.read_text()
    line = next(one for one in text.splitlines() if one.startswith("password"))
    settings.write_text(text.replace(line, f'password = "file:{wrong}"'))
    settings.chmod(0o600)
    done = command("ls", "letters", settings=settings)
    assert done.returncode == 1
    assert "refuses the login" in done.stderr
    assert CANARY.decode() not in done.stderr
