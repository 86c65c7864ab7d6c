# SPDX-License-Identifier: Apache-2.0
"""What a job uses is registered as it is built, and acted upon. No server answers."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import SecureJob, elasticsearch, hdfs, state
from flinksec_jobs.certificates import Validity, pem
from flinksec_jobs.delivery import Delivery
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.file_layout import Layout
from flinksec_jobs.findings import Finding, Where
from flinksec_jobs.formats.json import Json
from flinksec_jobs.kafka import client, sink, source, topics
from flinksec_jobs.records import record
from flinksec_jobs.runtime import jvm
from flinksec_jobs.runtime.graph import Checkpointing
from flinksec_jobs.session import Session
from flinksec_jobs.settings import Settings, load_settings
from flinksec_jobs.uses import Question, Use, Uses
from tests import certificates as make

GIVEN: dict[str, Any] = {
    "kerberos": {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"},
    "kafka": {"bootstrap_servers": ["a:1"]},
    "elasticsearch": {"hosts": ["https://a:1"]},
    "hdfs": {"uri": "hdfs://a:1"},
}


def settings(**sections: Any) -> Settings:
    return load_settings(overrides=GIVEN | sections, environ={})


def test_each_server_is_asked_once_for_all_that_the_job_uses() -> None:
    job = SecureJob("j", settings=settings())
    job.to_kafka("b")
    job.to_kafka("a")
    job.to_elasticsearch("flights")
    job.to_elasticsearch("late-flights")
    job.to_hdfs("/flights")
    job.kafka_properties()
    questions = job._uses.questions()
    assert [(question.setting, question.about) for question in questions] == [
        (
            "kafka.bootstrap_servers",
            ("WRITE a", "WRITE b", "transactions j:a:", "transactions j:b:"),
        ),
        ("elasticsearch.hosts", ("flights", "late-flights")),
        ("hdfs.uri", ("/flights",)),
    ]
    assert job._uses.names == {
        "writes Kafka topic a",
        "writes Kafka topic b",
        "writes Elasticsearch index flights",
        "writes Elasticsearch index late-flights",
        "writes HDFS path /flights",
    }


def test_clusters_are_asked_apart_and_checkpoints_tell_their_topics_apart() -> None:
    east = {"bootstrap_servers": ["b:1"], "security_protocol": "SSL", "group_id": "g"}
    kafka = GIVEN["kafka"] | {"east": east, "west": east}
    job = SecureJob("j", settings=settings(kafka=kafka))
    job.to_kafka("a")
    job.to_kafka("a", cluster="east")
    job.kafka_properties(cluster="west")
    questions = {one.id: (one.setting, one.about) for one in job._uses.questions()}
    assert questions == {
        "kafka-topics": ("kafka.bootstrap_servers", ("WRITE a", "transactions j:a:")),
        "kafka-topics-east": (
            "kafka.east.bootstrap_servers",
            ("WRITE a", "transactions j:a@east:"),
        ),
    }
    assert job._uses.names == {"writes Kafka topic a", "writes Kafka topic a of east"}
    assert {use.system for use in job._uses} == {"Kafka", "Kafka of east", "Kafka of west"}


def test_what_is_not_used_is_not_asked() -> None:
    assert SecureJob("j", settings=settings())._uses.ask_the_servers() == []


def test_each_sink_to_a_topic_has_transactions_of_its_own_in_the_order_of_the_job() -> None:
    uses, section = Uses(), settings()
    written = ("a", "b", "a", "a")
    made = [sink.next_transactional_id_prefix(section, "job", topic, uses) for topic in written]
    assert made == ["job:a:", "job:b:", "job:a#2:", "job:a#3:"]


def test_the_properties_of_a_job_s_own_kafka_clients_are_those_it_connects_with() -> None:
    job = SecureJob("j", settings=settings())
    properties = job.kafka_properties()
    assert properties["bootstrap.servers"] == "a:1"
    assert properties["security.protocol"] == "SASL_SSL"
    assert "/etc/flink.keytab" in properties["sasl.jaas.config"]


def wrong(use: Use) -> set[str | None]:
    found = {finding.where.setting for finding in use.files()}
    return found - {"kerberos.krb5_conf"}  # this machine may have one


@pytest.mark.parametrize("given", [{}, {"kafka": {**GIVEN["kafka"], "security_protocol": "SSL"}}])
def test_a_connector_looks_at_the_files_that_it_uses_and_at_no_others(given: Any) -> None:
    found = settings(**given)
    asks_the_kdc = not given
    if asks_the_kdc:
        assert wrong(client.clients(found)) == {"kerberos.keytab"}
    else:
        assert wrong(client.clients(found)) == set()
    assert wrong(elasticsearch.writing(found, "i")) == set()
    assert wrong(hdfs.client(found)) == {"kerberos.keytab"}


@record
class Event:
    id: str


def test_only_what_has_files_on_hdfs_needs_a_login_of_the_jvm() -> None:
    found = settings()
    options = source.SourceOptions(topics.chosen("t"), Event, Json())
    assert source.uses(found, options, "group")[0].login is None
    assert elasticsearch.writing(found, "i").login is None
    assert hdfs.writing(found, "/p", Layout()).login == found.kerberos
    for directory, login in (("/mnt/state", None), ("hdfs://a:1/state", found.kerberos)):
        kept = settings(state={"directory": directory, "keys": "/keys"})
        assert state.use(kept).login == login
    assert state.use(found).login is None


class Toy:
    """A connector of somebody else's, for a server that this library does not know."""

    def __init__(self, refuses: bool = False) -> None:
        self.refuses = refuses
        self.looked = 0
        self.asked: list[Sequence[str]] = []

    def writing(self, queue: str) -> Use:
        return Use(
            "Toy",
            name=f"writes Toy queue {queue}",
            jars=lambda: [Path("/jars/toy.jar"), Path("/jars/bricks.jar")],
            files=self.look,
            questions=(
                Question("toy-queues", "Toy has the queues", "toy.url", self.ask, (queue,)),
            ),
            delivery=Delivery(f"the Toy queue {queue}", by_checkpoint=True),
        )

    def look(self) -> Iterable[Finding]:
        self.looked += 1
        why = "the certificate ends soon"
        return [Finding("toy-ends", "warning", Where(setting="toy.cert"), why, "renew it")]

    def ask(self, queues: Sequence[str]) -> Iterable[Finding]:
        self.asked.append(queues)
        where = Where(setting="toy.url")
        yield Finding("toy-slow", "warning", where, "it answers slowly", "wait")
        if self.refuses:
            yield Finding("toy-no-queue", "problem", where, f"it lacks {queues[0]}", "create it")


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The jars that PyFlink's environment was given, which is none."""
    jars: list[Path] = []
    monkeypatch.setattr(jvm, "add_jars", lambda _, given: jars.extend(given))
    return jars


def opened(job: SecureJob) -> SecureJob:
    job._session.env = "an environment"
    return job


def test_a_connector_of_somebody_else_registers_as_ours_do(
    shipped: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    job, toy = opened(SecureJob("j", settings=Settings())), Toy()
    job.register(toy.writing("b"))
    job.register(toy.writing("a"))
    assert shipped == [Path("/jars/toy.jar"), Path("/jars/bricks.jar")]
    assert toy.looked == 1
    assert caplog.messages == ["toy.cert: the certificate ends soon [toy-ends]: renew it"]
    assert job._uses.names == {"writes Toy queue a", "writes Toy queue b"}
    with pytest.raises(SettingsError, match="nothing that it writes to the Toy queue a, the Toy"):
        job._uses.check_delivery("j", Checkpointing(enabled=False), bounded=False)
    (warning,) = job._uses.ask_the_servers()
    assert warning.why == "it answers slowly"
    assert toy.asked == [("a", "b")]


@pytest.mark.usefixtures("shipped")
def test_a_certificate_that_ends_soon_is_shown_at_the_start_of_a_job(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    valid = Validity(now - timedelta(days=9), now + timedelta(days=5, hours=1))
    ca = tmp_path / "ca.pem"
    ca.write_bytes(pem(make.self_signed(valid).certificate))
    section = {"hosts": ["https://a:1"], "ca_certs": ca, "api_key": f"file:{tmp_path}/key"}
    (tmp_path / "key").write_text("k")
    (tmp_path / "key").chmod(0o600)
    found = settings(elasticsearch=section)
    opened(SecureJob("j", settings=found)).register(elasticsearch.writing(found, "i"))
    (told,) = [line for line in caplog.messages if "[certificate-ends-soon]" in line]
    assert told.startswith(f"elasticsearch.ca_certs {ca} (set by argument): the certificate ")
    assert ", in 5 days [certificate-ends-soon]: have it renewed" in told


def test_a_server_that_refuses_names_the_setting_and_the_way_out() -> None:
    job = SecureJob("j", settings=Settings())
    job.register(Toy(refuses=True).writing("a"))
    with pytest.raises(JobError, match=r"toy\.url: it lacks a") as told:
        job._uses.ask_the_servers()
    assert told.value.hint == "create it"


def test_a_server_that_refuses_does_not_hide_what_the_others_say() -> None:
    asked: list[str] = []

    def use(system: str, setting: str) -> Use:
        def ask(_: Sequence[str]) -> Iterable[Finding]:
            asked.append(system)
            where = Where(setting=setting)
            why = f"{setting}: {system} does not answer"
            found = Finding("silent", "problem", where, why, "start it")
            raise JobError(str(found), hint=found.fix, findings=[found])

        return Use(system, questions=(Question(system, system, setting, ask, ()),))

    uses = Uses()
    # The second is asked by two questions, of which one is enough.
    for one in (use("a", "a.url"), use("b", "b.url"), use("b2", "b.url")):
        uses.add(one)
    with pytest.raises(JobError, match="2 answers keep the job out") as told:
        uses.ask_the_servers()
    assert [one.where.setting for one in told.value.findings] == ["a.url", "b.url"]
    assert asked == ["a", "b"]


def test_kafkas_jars_are_shipped_with_a_job_that_uses_kafka(
    shipped: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = Path("/jars/kafka.jar")
    monkeypatch.setattr("flinksec_jobs.runtime.artifacts.jars", lambda name: [jar])
    given = settings(kafka={**GIVEN["kafka"], "security_protocol": "SSL"})
    job = opened(SecureJob("j", settings=given))
    job.to_elasticsearch("i")
    assert shipped == []
    job.kafka_properties()
    job.to_kafka("t")
    assert shipped == [jar]


def test_a_job_that_does_without_hdfs_does_not_fail_because_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    session = Session("j", settings())
    session._without_hadoop = JobError("kerberos.keytab: the KDC refuses", hint="Export it.")
    session.ready(elasticsearch.writing(session.settings, "i"))
    session.warn_of_hadoop()
    assert caplog.messages == ["HDFS cannot be used here: kerberos.keytab: the KDC refuses"]
    with pytest.raises(JobError, match="the KDC refuses") as told:
        session.ready(Use("HDFS", login=session.settings.kerberos))
    assert told.value.hint == "Export it."


def test_what_needs_hadoops_client_needs_the_section_that_puts_it_into_the_jvm() -> None:
    session = Session("j", load_settings(overrides={"kerberos": GIVEN["kerberos"]}, environ={}))
    with pytest.raises(SettingsError, match=r"HBase is reached by Hadoop's client, and .*\[hdfs\]"):
        session.ready(Use("HBase", login=session.settings.kerberos))


def test_what_a_running_job_failed_of_is_said_by_the_system_that_knows_it() -> None:
    failed = JobError("the job t failed: SaslAuthenticationException: no", hint="The log is /l")
    told = JobError("kafka.password: wrong", hint="compare it")
    uses = Uses()
    uses.add(Use("other"))
    assert uses.explained(failed) is failed
    uses.add(Use("Kafka", explain=lambda _: told))
    uses.add(Use("Kafka", explain=lambda _: told))
    found = uses.explained(failed)
    assert (found.message, found.hint) == ("kafka.password: wrong", "compare it; The log is /l")
    uses.add(Use("Kafka of east", explain=lambda _: JobError("kafka.east.password: wrong")))
    assert uses.explained(failed).message == failed.message
