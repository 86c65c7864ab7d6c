# SPDX-License-Identifier: Apache-2.0
"""One job, two clusters of Kafka in two realms, each behind a KDC and a CA of its own."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import SecureJob, record
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.findings import Finding
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox import Sandbox, kafka_logins
from flinksec_jobs.settings import Settings
from tests import pages
from tests.patience import PATIENCE
from tests.servers.conftest import StartedJob
from tests.topics.guest_rights import Rights

# The page's example, on the sandbox's names.
[EXAMPLE] = pages.blocks("docs/clusters.md", "python")
PARTNER = Path(__file__).parents[2] / "jobs" / "orders_of_partner.py"
JOB = EXAMPLE.text.replace('cluster="partner"', 'cluster="second"')


@record
class Order:
    id: int


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Two KDCs and two brokers, with the topics of the jobs."""
    directory = tmp_path_factory.mktemp("two") / "box"
    with Sandbox(directory, only=["kafka"], second_kafka=True) as box:
        box.create_topics({"orders": 1})
        second(box).create_topics({"orders": 2, "done": 1})
        yield box


def second(box: Sandbox) -> Sandbox:
    assert box.second is not None
    return box.second


def written(box: Sandbox, topic: str) -> list[int]:
    return sorted(json.loads(line)["id"] for line in box.consume(topic))


def wait_for(box: Sandbox, topic: str, number: int, job: StartedJob) -> list[int]:
    end = time.monotonic() + PATIENCE
    while len(found := written(box, topic)) < number:
        assert job.process.poll() is None, job.end(1)
        assert time.monotonic() < end, f"{len(found)} of {number}"
        time.sleep(1)
    return found


def test_what_is_read_in_one_realm_is_written_once_into_both_by_a_job_that_is_killed(
    two: Sandbox, tmp_path: Path
) -> None:
    script, settings = tmp_path / "mirror.py", tmp_path / "settings.toml"
    script.write_text(JOB)
    two.write_settings(settings)
    variables = {
        "FLINKSEC_STATE__DIRECTORY": str(tmp_path / "state"),
        "FLINKSEC_STATE__CHECKPOINT_INTERVAL": "1 s",
        "FLINKSEC_LOG_DIR": str(tmp_path / "logs"),
    }
    second(two).produce("orders", [f'0\t{i}\t{{"id":{i}}}' for i in range(300)])
    job = StartedJob(settings, variables, script)
    try:
        wait_for(two, "orders", 300, job)
        second(two).produce("orders", [f'0\t{i}\t{{"id":{i}}}' for i in range(300, 600)])
    finally:
        job.kill()
        job.process.communicate()
    again = StartedJob(settings, variables, script)
    try:
        assert wait_for(two, "orders", 600, again) == list(range(600))
        assert wait_for(second(two), "done", 600, again) == list(range(600))
        # Rights that are taken away while it runs are told by the names of cluster and topic.
        second(two).revoke("flink", "orders")
        ended = again.end(PATIENCE)
    finally:
        again.kill()
    assert ended.code == 1
    assert "orders" in ended.err and "kerberos.second.principal" in ended.err, ended.err
    assert ended.err.count("kafka-not-authorized") == 1, ended.err
    second(two).create_topics({"orders": 2})


def test_orders_of_a_partner_go_from_realm_to_realm(two: Sandbox, tmp_path: Path) -> None:
    partner = second(two)
    two.create_topics({"partner-orders": 1})
    partner.create_topics({"partner-orders": 1, "partner-answers": 1})
    pieces = [0, 1, 1000, 1001]
    partner.produce(
        "partner-orders",
        [f'0\t{n}\t{{"id":"{n}","pieces":{many}}}' for n, many in enumerate(pieces)],
    )
    settings = tmp_path / "settings.toml"
    two.write_settings(settings)
    variables = {
        "FLINKSEC_STATE__DIRECTORY": str(tmp_path / "state"),
        "FLINKSEC_LOG_DIR": str(tmp_path / "logs"),
    }
    job = StartedJob(settings, variables, PARTNER)
    ended = job.end(PATIENCE)
    assert ended.code == 0, ended.err
    ours = sorted(json.loads(line)["id"] for line in two.consume("partner-orders"))
    assert ours == ["1", "2"]
    answers = [json.loads(line) for line in partner.consume("partner-answers")]
    assert {one["id"]: one["accepted"] for one in answers} == {
        "0": False,
        "1": True,
        "2": True,
        "3": False,
    }


def asked(settings: Settings, build: Any) -> list[Finding]:
    """What Kafka's answers come to, before a job would run."""
    job = SecureJob("copy", settings=settings)
    build(job)
    _ = job.env
    try:
        return job._uses.ask_the_servers()
    except FlinkSecError as error:
        return list(error.findings)


def ids(found: list[Finding]) -> list[tuple[str, str | None]]:
    return [(one.id, one.where.setting) for one in found]


@pytest.fixture(scope="module")
def guest(two: Sandbox) -> Settings:
    """Settings of one who has tickets of both realms, and no rights."""
    principal = {
        "principal": "guest@SECOND.LOCAL",
        "keytab": f"file:{second(two).keytab('guest')}",
        "krb5_conf": str(second(two).krb5_conf),
    }
    # A group in which no job has read.
    group = {"second": {"group_id": "guests"}}
    return two.settings(
        principal="guest", overrides={"kerberos": {"second": principal}, "kafka": group}
    )


@pytest.fixture
def rights(two: Sandbox, guest: Settings) -> Iterator[Rights]:
    """The superuser of the second cluster; the JVM is that of the guest's jobs."""
    job = SecureJob("copy", settings=guest)
    job.kafka_properties()
    _ = job.env
    held = Rights(second(two), "SECOND.LOCAL")
    yield held
    held.close()


def reads(job: SecureJob, **options: Any) -> None:
    job.from_kafka("orders", Order, cluster="second", **options)


def writes(job: SecureJob) -> None:
    job.to_kafka("done", cluster="second")


def test_rights_are_asked_for_at_start_and_told_by_the_name_of_the_cluster(
    two: Sandbox, guest: Settings, rights: Rights
) -> None:
    who = "kerberos.second.principal"
    [found] = asked(guest, reads)
    assert (found.id, found.where.object) == (
        "kafka-not-authorized",
        "topic, or kerberos.principal",
    )

    rights.give("TOPIC", "orders", "DESCRIBE")
    [found] = asked(guest, reads)
    assert ids([found]) == [("kafka-not-authorized", who)]
    assert "guest@SECOND.LOCAL lacks READ on the topic orders" in found.why

    rights.give("TOPIC", "orders", "READ")
    groups = rights.groups()
    [found] = asked(guest, reads)
    assert ids([found]) == [("kafka-offsets-not-committed", who)]
    assert found.severity == "warning" and "lacks READ on the consumer group guests" in found.why
    [found] = asked(guest, lambda job: reads(job, start="committed"))
    assert ids([found]) == [("kafka-group-not-authorized", who)]
    rights.give("GROUP", "guests", "READ")
    assert asked(guest, reads) == []
    [found] = asked(guest, lambda job: reads(job, start="committed"))
    assert (found.id, found.severity) == ("kafka-group-has-no-offsets", "warning")
    assert rights.groups() == groups, "the question has made a group"

    rights.give("TOPIC", "done", "DESCRIBE")
    both = asked(guest, writes)
    assert ids(both) == [
        ("kafka-not-authorized", who),
        ("kafka-transactions-not-authorized", who),
    ]
    assert "lacks WRITE on the topic done" in both[0].why
    assert "ids that begin with flink/copy:done@second:" in both[1].why
    rights.give("TOPIC", "done", "WRITE")
    rights.give("TRANSACTIONAL_ID", "flink/copy:", "WRITE", "DESCRIBE")
    assert asked(guest, writes) == []


def test_the_topics_of_a_pattern_and_of_dead_letters_are_asked_for_too(
    two: Sandbox, guest: Settings, rights: Rights
) -> None:
    second(two).create_topics({"part-1": 1, "part-2": 1, "apart-1": 1, "letters": 1})

    def of_pattern() -> list[str]:
        def build(job: SecureJob) -> None:
            job.from_kafka(re.compile(r"part-\d"), Order, cluster="second")

        return [one.why for one in asked(guest, build) if "group" not in one.id + one.why]

    who = "guest@SECOND.LOCAL"
    [none] = of_pattern()
    assert none.startswith(rf"the brokers show {who} no topic that part-\d matches")
    rights.give("TOPIC", "part-1", "DESCRIBE")
    rights.give("TOPIC", "apart-1", "DESCRIBE")
    assert of_pattern() == [rf"{who} lacks READ on topics that part-\d matches: part-1"]
    rights.give("TOPIC", "part-1", "READ")
    assert of_pattern() == []
    rights.give("TOPIC", "part-2", "DESCRIBE")
    assert of_pattern() == [rf"{who} lacks READ on topics that part-\d matches: part-2"]

    to_letters = guest.model_copy(
        update={"job": guest.job.model_copy(update={"dead_letters": "letters"})}
    )
    rights.give("TOPIC", "letters", "DESCRIBE")

    def with_letters(job: SecureJob) -> None:
        job.from_kafka("part-1", Order, cluster="second", on_error="dead_letter")

    [topic, ids] = [one.why for one in asked(to_letters, with_letters) if one.severity != "warning"]
    assert topic == f"{who} lacks WRITE on the topic letters"
    assert ids.startswith(f"{who} lacks WRITE and DESCRIBE on transactional ids that begin with")


SQL = """
CREATE TABLE theirs (id BIGINT) WITH (
  'connector' = 'flinksec-kafka', 'topic' = 'sql-orders', 'cluster' = 'second',
  'format' = 'json', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset'
);
CREATE TABLE ours (id BIGINT) WITH (
  'connector' = 'flinksec-kafka', 'topic' = 'sql-orders', 'format' = 'json'
);
CREATE TABLE done (id BIGINT) WITH (
  'connector' = 'flinksec-kafka', 'topic' = 'sql-done', 'cluster' = 'scram', 'format' = 'json'
);
EXECUTE STATEMENT SET BEGIN
  INSERT INTO ours SELECT id FROM theirs WHERE id < 50;
  INSERT INTO done SELECT -id FROM theirs;
END;
"""


def test_sql_names_clusters_of_two_realms_and_of_another_login_in_one_job(
    two: Sandbox, tmp_path: Path
) -> None:
    partner = second(two)
    two.create_topics({"sql-orders": 1})
    partner.create_topics({"sql-orders": 1, "sql-done": 1})
    partner.produce("sql-orders", [f'0\t{n}\t{{"id":{n}}}' for n in range(100)])
    script, settings = tmp_path / "mixed.sql", tmp_path / "settings.toml"
    script.write_text(SQL)
    by_password = {
        "bootstrap_servers": f"127.0.0.2:{partner.ports['kafka-sasl-ssl']}",
        "ca_certs": str(partner.ca_certs),
        "group_id": "flink",
        "transactional_id_prefix": "flink",
        **kafka_logins.kafka_settings(partner._layout, partner.ports, "scram-sha-512"),
    }
    lines = "".join(f'{name} = "{value}"\n' for name, value in by_password.items())
    write_private(settings, f"{two.settings_toml()}\n[kafka.scram]\n{lines}")
    variables = {
        "FLINKSEC_STATE__DIRECTORY": str(tmp_path / "state"),
        "FLINKSEC_LOG_DIR": str(tmp_path / "logs"),
    }
    ended = StartedJob(settings, variables, script).end(PATIENCE)
    assert ended.code == 0, ended.err
    assert written(two, "sql-orders") == list(range(50))
    assert written(partner, "sql-done") == list(range(-99, 1))


def test_the_offsets_of_a_table_are_asked_for_as_those_of_a_stream(two: Sandbox) -> None:
    second(two).create_topics({"sql-begins": 1})

    def found(**scan: str) -> dict[str, str]:
        options = "".join(f", 'scan.{one.replace('_', '.', 1)}' = '{scan[one]}'" for one in scan)

        def build(job: SecureJob) -> None:
            job.sql(f"""
                CREATE TABLE begins (id BIGINT) WITH (
                    'connector' = 'flinksec-kafka', 'topic' = 'sql-begins', 'cluster' = 'second',
                    'format' = 'json' {options.replace("_", "-")});
                CREATE TABLE nowhere (id BIGINT) WITH ('connector' = 'blackhole');
                INSERT INTO nowhere SELECT id FROM begins;
            """)

        return {one.id: one.why for one in asked(two.settings(), build)}

    at = {"startup_mode": "specific-offsets"}
    there = found(**at, startup_specific_offsets="partition:0,offset:0")
    assert there == {}
    none = found(**at, startup_specific_offsets="partition:0,offset:0;partition:7,offset:1")
    assert "start names the partition 7 of the topic sql-begins" in none["kafka-partition-unknown"]
    beyond = found(**at, startup_specific_offsets="partition:0,offset:9")
    assert "start is at the offset 9 of sql-begins-0" in beyond["kafka-offset-not-there"]
    no_end = found(bounded_mode="group-offsets")
    assert "which has none of sql-begins-0" in no_end["kafka-stop-unknown"]


def test_a_transaction_that_may_last_longer_than_the_brokers_allow_is_refused_at_start(
    two: Sandbox,
) -> None:
    long = two.settings(overrides={"kafka.second.transaction_timeout": "16 min"})
    [found] = asked(long, writes)
    assert ids([found]) == [
        ("kafka-transaction-timeout-too-long", "kafka.second.transaction_timeout")
    ]
    assert found.why == "kafka.second.transaction_timeout is 16 min, longer than the brokers allow"
    assert asked(two.settings(), writes) == []


def test_properties_that_exclude_transactions_and_larger_records_than_a_topic_takes_are_told(
    two: Sandbox,
) -> None:
    weak = two.settings(overrides={"kafka.second.properties": {"acks": "1"}})
    [found] = asked(weak, writes)
    assert ids([found]) == [("kafka-properties-forbid-transactions", "kafka.second.properties")]

    large = two.settings(overrides={"kafka.second.properties": {"max.request.size": "2000000"}})
    setting = "kafka.second.properties.max.request.size"
    [found] = asked(large, writes)
    assert ids([found]) == [("kafka-records-may-be-too-large", setting)]
    assert "the brokers do not tell whether the topic done takes them" in found.why
    rights = Rights(second(two), "SECOND.LOCAL")
    rights.give("TOPIC", "done", "DESCRIBE_CONFIGS", to="flink")
    [found] = asked(large, writes)
    assert (
        found.why == "the job may send records of 2000000 bytes, and the topic done takes 1048588"
    )
    assert asked(two.settings(), writes) == []
    rights.close()


def test_the_doctor_looks_at_each_cluster_by_its_name(two: Sandbox, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    two.write_settings(settings)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "flinksec_jobs",
        "doctor",
        "--settings",
        settings,
        "--json",
    ]
    categories = "settings,files,dns,kerberos,clock,tls,kafka"
    topics = ["--write-topic", "orders"]
    for read in ("orders@second", "/order.*/@second", "a@west"):
        topics += ["--read-topic", read]
    done = subprocess.run(
        [*command, "--only", categories, "--job", "copy", *topics],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    told = json.loads(done.stdout)
    results = {(one["id"], one["about"]): one["result"] for one in told["checks"]}
    assert {result for (id_, _), result in results.items() if id_ != "kafka-cluster"} == {"ok"}
    listed = {id_ for id_, _ in results}
    assert listed >= {
        "files-kafka.second",
        "files-kerberos.second",
        "kerberos-login",
        "kerberos-login-second",
        "kerberos-service-second",
        "clock-kdc-second",
        "kafka-connect",
        "kafka-transactions",
        "kafka-connect-second",
        "kafka-topic-second",
        "kafka-group-second",
        "kafka-pattern-second",
    }
    [wrong] = [one for one in told["checks"] if one["result"] == "problem"]
    assert "no section [kafka.west]" in wrong["findings"][0]["why"]
