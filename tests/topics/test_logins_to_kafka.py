# SPDX-License-Identifier: Apache-2.0
"""Each login against a real broker: it reads and writes, and what is wrong is told by its setting.

One broker, which asks for each login again after some seconds, and one JVM for all of it.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import SecureJob, logins
from flinksec_jobs.errors import FlinkSecError, JobError, SettingsError
from flinksec_jobs.kafka import client
from flinksec_jobs.logins.python_tokens import Endpoint
from flinksec_jobs.private_files import write_private
from flinksec_jobs.records import record
from flinksec_jobs.runtime import jvm
from flinksec_jobs.sandbox import Sandbox, kafka_logins
from flinksec_jobs.sandbox.ports import free_ports
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings import Settings, load_settings
from tests.patience import PATIENCE
from tests.servers.secrets_search import Seen, ask_local_run
from tests.topics.every_login import (
    IN_STORES,
    NAMES,
    all_secrets,
    on_all,
    write_stores,
)

AGAIN_SECONDS = 3
# A client asks for the next token when four fifths of this are over.
TOKEN_SECONDS = 20
# Some of what Flink tells; the rest is looked through as well.
EVERYWHERE = {
    *("/config", "/jobmanager/config", "/jobmanager/environment", "/jobmanager/thread-dump"),
    *("/jobs/*", "/jobs/*/config", "/jobs/*/plan", "/jobs/*/exceptions", "/jobs/*/checkpoints"),
    *("/jobs/*/vertices/*", "/jobs/*/vertices/*/metrics", "/taskmanagers/*"),
}


@record
class Word:
    text: str


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where Python puts temporary files, and the JVMs that it starts for jobs."""
    directory = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(directory))
        yield directory


@pytest.fixture(scope="module")
def box(temporary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    assert temporary.is_dir()
    with Sandbox(
        tmp_path_factory.mktemp("logins") / "box",
        only=["kafka", "schema-registry"],
        reauthenticate_after=AGAIN_SECONDS,
    ) as servers:
        topics = [*(f"from-{name}" for name in NAMES.values()), *IN_STORES, "out", "avro-out"]
        servers.create_topics(dict.fromkeys(topics, 1))
        write_token(servers)
        write_stores(servers)
        yield servers


@pytest.fixture(autouse=True)
def logs(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One directory for all, so that one JVM does for all."""
    directory = tmp_path_factory.getbasetemp() / "logins-logs"
    monkeypatch.setenv("FLINKSEC_LOG_FILE", str(directory / "jobs.log"))
    return directory


def endpoint(box: Sandbox, audience: str | None = None) -> Endpoint:
    secret = SecretFile(kafka_logins.client_secret(box._layout, "flink"))
    url = f"{kafka_logins.issuer(box._layout, box.ports)}/token"
    return Endpoint(url, "flink", secret, audience=audience, ca_certs=box.ca_certs)


def write_token(box: Sandbox) -> None:
    write_private(kafka_logins.token_file(box._layout), endpoint(box).ask()[0])


def ask(settings: Settings) -> None:
    """Ask the broker as a job does before it is submitted."""
    with SecureJob("asks", settings=settings) as job:
        job.register(client.clients(settings))
        _ = job.env
        for topic in ("out",):
            list(client.question(settings, topic).ask([topic]))
        job.env.from_collection([1]).print()


@contextmanager
def refused() -> Iterator[list[FlinkSecError]]:
    told: list[FlinkSecError] = []
    with pytest.raises(FlinkSecError) as caught:
        yield told
    told.append(caught.value)
    assert "canary" not in f"{caught.value}"
    assert caught.value.hint


def cluster_of(name: str) -> str | None:
    return None if name == NAMES[kafka_logins.TICKETS] else name


def wait(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "it does not come"
        time.sleep(1)


def graph_of(job: SecureJob) -> bytes:
    """The job as it goes to Flink, in Java's serialization."""
    graph = job.env._j_stream_execution_environment.getStreamGraph(False).getJobGraph()
    return bytes(jvm.view().org.apache.flink.util.InstantiationUtil.serializeObject(graph))


def every_login(job: SecureJob) -> None:
    names = [*NAMES.values(), *IN_STORES]
    streams = [job.from_kafka(topic_of(name), Word, cluster=cluster_of(name)) for name in names]
    job.env.enable_checkpointing(500)
    together = streams[0].union(*streams[1:])
    at_least_once: dict[str, Any] = {"delivery": "at_least_once", "cluster": "scramsha512"}
    together.sink_to(job.to_kafka("out", **at_least_once))
    together.sink_to(job.to_kafka("avro-out", format="avro", **at_least_once))


def topic_of(name: str) -> str:
    return name if name in IN_STORES else f"from-{name}"


def test_one_job_logs_in_in_every_way_again_and_again_and_shows_no_secret(
    box: Sandbox, logs: Path, temporary: Path
) -> None:
    write_token(box)
    kafka_logins.set_token_lifetime(box._layout, TOKEN_SECONDS)
    names = [*NAMES.values(), *IN_STORES]
    out: list[str] = []

    def came(round_: str) -> bool:
        out[:] = box.consume("out")
        return {f"{round_} {name}" for name in names} <= {
            value.partition('":"')[2].rstrip('"}') for value in out
        }

    with (
        Seen.watching(ask_local_run) as seen,
        pytest.raises(JobError, match="Job was cancelled"),
        SecureJob("every-login", settings=on_all(box)) as job,
    ):
        every_login(job)
        seen.add("job graph", graph_of(job))
        running = job.execute_async()
        for round_, pause in (("first", TOKEN_SECONDS), ("second", AGAIN_SECONDS)):
            for name in names:
                box.produce(topic_of(name), [f'\t\t{{"text":"{round_} {name}"}}'])
            wait(lambda round_=round_: came(round_))  # type: ignore[misc]
            # Every connection has to log in again, and each token ends.
            time.sleep(pause)
        answered = seen.ask_for_all()
        seen.add_files("temporary files while it runs", temporary)
        running.cancel()
    kafka_logins.set_token_lifetime(box._layout, 3600)
    seen.add_files("log", logs)
    seen.add_files("temporary files", temporary)
    assert answered >= EVERYWHERE, EVERYWHERE - answered
    assert {"command line", "environment", "job graph", "log"} <= seen.places()
    assert seen.find(all_secrets(box) | {"a word of a test": b"canary"}) == []
    # Tokens of the endpoint are nowhere in a file: they are known by their form.
    assert seen.find({"any token": b"eyJhbGciOi"}) == []
    assert not list(temporary.glob("flinksec-tls-*"))


def test_a_graph_holds_where_a_registrys_password_is_and_not_what_it_is(box: Sandbox) -> None:
    job = SecureJob("graph", settings=on_all(box, registry_by="password"))
    every_login(job)
    graph = graph_of(job)
    for name, secret in all_secrets(box).items():
        assert secret not in graph, name
    for file in ("schema-registry-password", "store.password", "trust.password", "key.password"):
        assert str(box.directory / "secrets" / file).encode() in graph, file


def test_a_password_that_changes_at_the_broker_alone_fails_the_job_by_name(box: Sandbox) -> None:
    box.change_password("flink", "canary one")
    mine = write_private_copy(box, "stale", "canary one")
    settings = box.settings(login="scram-sha-512", overrides={"kafka.password": f"file:{mine}"})
    with pytest.raises(JobError) as caught, SecureJob("stale", settings=settings) as job:
        job.from_kafka("from-plain", Word).sink_to(job.to_kafka("out"))
        job.env.enable_checkpointing(500)
        job.execute_async()
        box.change_password("flink", "canary two")
    told = caught.value
    assert told.message.startswith("kafka.password: ")
    assert told.message.count("Authentication failed") == 1
    assert "[kafka-login-refused]" in told.message
    assert "refuses one of the two" in (told.hint or "")
    assert "canary" not in str(told)


def test_rights_that_are_taken_away_fail_the_job_by_name(box: Sandbox) -> None:
    box.create_topics({"from-revoked": 1})
    settings = box.settings(login="plain")
    with pytest.raises(JobError) as caught, SecureJob("revoked", settings=settings) as job:
        job.from_kafka("from-revoked", Word).sink_to(job.to_kafka("out"))
        job.env.enable_checkpointing(500)
        job.execute_async()
        box.produce("from-revoked", ['\t\t{"text":"before"}'])
        wait(lambda: any("before" in value for value in box.consume("out")))
        box.revoke("flink", "from-revoked")
    assert caught.value.message.startswith("topic, or kafka.username: ")
    assert "from-revoked" in caught.value.message


def write_private_copy(box: Sandbox, name: str, text: str) -> Path:
    path = box.directory / "secrets" / name
    write_private(path, text)
    return path


def _file(text: str) -> Callable[[Sandbox], str]:
    return lambda box: f"file:{write_private_copy(box, 'wrong', text)}"


def _rogue(box: Sandbox) -> str:
    return str(box.rogue_ca_certs)


def _closed_port(_: Sandbox) -> str:
    return f"https://localhost:{free_ports(1)[0]}/token"


def _expired(box: Sandbox) -> str:
    kafka_logins.set_token_lifetime(box._layout, 1)
    token = endpoint(box).ask()[0]
    kafka_logins.set_token_lifetime(box._layout, 3600)
    time.sleep(1.5)
    return f"file:{write_private_copy(box, 'token', token)}"


def _for_another(box: Sandbox) -> str:
    token = endpoint(box, "another").ask()[0]
    return f"file:{write_private_copy(box, 'token', token)}"


def _no_cache(box: Sandbox) -> str:
    return _file("not a cache")(box)


ATTACKS: list[tuple[str, str, str, Any, str, str]] = [
    # the login, a setting, its wrong value, the setting that is told, a part of what is told
    *(
        (login, "kafka.password", "a wrong password", _file("canary"), "kafka.password",
         "[kafka-login-refused]")
        for login in ("scram-sha-256", "scram-sha-512", "plain")
    ),
    ("scram-sha-512", "kafka.username", "an unknown user", "nobody", "kafka.password",
     "[kafka-login-refused]"),
    ("scram-sha-512", "kafka.ca_certs", "an unknown CA", _rogue, "kafka.ca_certs",
     "[server-certificate-untrusted]"),
    ("oauthbearer", "kafka.oauth_client_secret", "a wrong secret", _file("canary"),
     "kafka.oauth_client_secret", "refuses the client flink: invalid_client"),
    ("oauthbearer", "kafka.oauth_client_id", "an unknown client", "nobody",
     "kafka.oauth_client_secret", "refuses the client nobody: invalid_client"),
    ("oauthbearer", "kafka.oauth_ca_certs", "an unknown CA of the endpoint", _rogue,
     "kafka.oauth_ca_certs", "no trusted CA"),
    ("oauthbearer", "kafka.oauth_token_endpoint", "an endpoint that is down", _closed_port,
     "kafka.oauth_token_endpoint", "Connection refused"),
    ("oauthbearer", "kafka.oauth_audience", "another audience", "another", "kafka.sasl_mechanism",
     "[kafka-login-refused]"),
    ("token-file", "kafka.oauth_token_file", "a token that is over", _expired,
     "kafka.oauth_token_file", "the token has expired"),
    ("token-file", "kafka.oauth_token_file", "a token for another", _for_another,
     "kafka.sasl_mechanism", "[kafka-login-refused]"),
    ("ticket-cache", "kerberos.ticket_cache", "no cache", _no_cache, "kerberos.ticket_cache",
     "is no file of Kerberos tickets"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("login", "setting", "value", "told", "part"),
    [(login, setting, value, told, part) for login, setting, _, value, told, part in ATTACKS],
    ids=[f"{login}: {what}" for login, _, what, _, _, _ in ATTACKS],
)
def test_what_is_wrong_with_a_login_is_told_by_its_setting_before_the_job_starts(
    box: Sandbox, login: str, setting: str, value: Any, told: str, part: str
) -> None:
    given = value(box) if callable(value) else value
    settings = box.settings(login=login, overrides={setting: given})
    with refused() as errors:
        ask(settings)
    assert errors[0].message.startswith(told), errors[0].message
    assert part in errors[0].message


def test_a_user_without_rights_is_told_which_are_missing(box: Sandbox) -> None:
    for login in ("scram-sha-256", "oauthbearer"):
        with refused() as errors:
            ask(box.settings(principal="guest", login=login))
        assert "[kafka-not-authorized]" in errors[0].message


def test_a_certificate_that_the_brokers_do_not_trust_is_told_as_such(
    box: Sandbox, tmp_path: Path
) -> None:
    from flinksec_jobs.sandbox.test_ca import Authority

    stranger = Authority.create("somebody's own CA").client("flink")
    write_private(tmp_path / "own.pem", stranger.certificate_pem)
    write_private(tmp_path / "own.key", stranger.key_pem)
    settings = box.settings(
        login="certificate",
        overrides={
            "kafka.client_cert": str(tmp_path / "own.pem"),
            "kafka.client_key": f"file:{tmp_path}/own.key",
        },
    )
    with refused() as errors:
        ask(settings)
    assert errors[0].message.startswith("kafka.client_cert: ")
    assert "[client-certificate-refused]" in errors[0].message


def test_a_password_is_not_sent_where_anybody_could_read_it() -> None:
    for mechanism, more in (
        ("PLAIN", {"username": "me", "password": "file:/p"}),
        ("OAUTHBEARER", {"oauth_token_file": "file:/t"}),
    ):
        section = {
            "bootstrap_servers": ["a:1"],
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": mechanism,
            **more,
        }
        with pytest.raises(SettingsError, match=r"kafka\.security_protocol.*readable"):
            load_settings(overrides={"kafka": section}, environ={})


def test_kafka_python_logs_in_in_every_way_too(box: Sandbox) -> None:
    from kafka import KafkaProducer

    from flinksec_jobs import kafka_python

    write_token(box)
    before = box.topic_size("out")
    others = [login for login in kafka_logins.LOGINS if login != kafka_logins.TICKETS]
    for login in others:
        with kafka_python.client_options(box.settings(login=login)) as given:
            producer = KafkaProducer(**given)
            producer.send("out", login.encode()).get(PATIENCE)
            producer.close()
    assert box.topic_size("out") == before + len(others)
    assert set(logins.mechanisms()) - {"GSSAPI"} <= {login.upper() for login in others}


def test_a_copy_of_the_tickets_of_another_is_not_taken(box: Sandbox, tmp_path: Path) -> None:
    shutil.copy(box._layout.ticket_cache, tmp_path / "cache")
    settings = box.settings(
        login=kafka_logins.TICKETS,
        overrides={
            "kerberos.ticket_cache": f"file:{tmp_path}/cache",
            "kerberos.principal": "guest@SANDBOX.LOCAL",
        },
    )
    with refused() as errors:
        ask(settings)
    assert "it holds tickets of flink@SANDBOX.LOCAL" in errors[0].message
