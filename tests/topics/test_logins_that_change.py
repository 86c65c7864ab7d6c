# SPDX-License-Identifier: Apache-2.0
"""What a running job logs in with is replaced, or ends; the broker asks for it again and again."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import SecureJob
from flinksec_jobs.errors import FlinkSecError, JobError
from flinksec_jobs.private_files import write_private
from flinksec_jobs.records import record
from flinksec_jobs.runtime import jvm
from flinksec_jobs.sandbox import kafka_logins
from flinksec_jobs.settings import Settings
from tests.living_files import content_below
from tests.patience import PATIENCE
from tests.topics.guest_rights import Rights
from tests.topics.replaced_files import Broker
from tests.topics.test_logins_to_kafka import ask, endpoint

AGAIN_SECONDS = 2
SHORT = timedelta(seconds=30)
RENEWABLE = timedelta(seconds=40)
LOGINS = {login: login.replace("-", "") for login in kafka_logins.LOGINS}
RENEWED = "renewed"
OVER = "holds no ticket of flink@SANDBOX.LOCAL that is still good"
REPLACED = {name: LOGINS[name] for name in ("certificate", "token-file", "oauthbearer")}


@record
class Word:
    text: str


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    topics = [*(f"from-{name}" for name in (*LOGINS.values(), RENEWED)), "out"]
    with Broker.started(tmp_path_factory.mktemp("broker") / "box", AGAIN_SECONDS) as broker:
        broker.sandbox.create_topics(dict.fromkeys(topics, 1))
        ask(broker.sandbox.settings())  # so that the JVM is there before what does not live long
        yield broker


@pytest.fixture(autouse=True)
def logs(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One directory for all, so that one JVM does for all."""
    directory = tmp_path_factory.getbasetemp() / "logs-of-changes"
    monkeypatch.setenv("FLINKSEC_LOG_FILE", str(directory / "jobs.log"))
    return directory


def jars() -> Any:
    """The job's jars, for the thread of the JVM that this one has now."""
    return jvm.view().java.lang.Thread.currentThread().getContextClassLoader()


@contextmanager
def superuser(broker: Broker, loader: Any) -> Iterator[Rights]:
    """In the JVM of the job that runs; whoever follows it has the thread that knew the jars."""
    jvm.view().java.lang.Thread.currentThread().setContextClassLoader(loader)
    rights = Rights(broker.sandbox, "SANDBOX.LOCAL")
    try:
        yield rights
    finally:
        rights.close()


def write_token(broker: Broker, path: Path, lasts: timedelta) -> None:
    kafka_logins.set_token_lifetime(broker.sandbox._layout, int(lasts.total_seconds()))
    write_private(path, endpoint(broker.sandbox).ask()[0])


def write_all(broker: Broker, own: Path) -> None:
    """All that a job logs in with, for a day."""
    broker.write_client(own)
    write_token(broker, own / "token", timedelta(days=1))
    broker.sandbox.kinit(own / "tickets")


@contextmanager
def renewing(broker: Broker, path: Path) -> Iterator[None]:
    """Write tokens that do not live long, one after the other, as a kubelet does."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(AGAIN_SECONDS):
            write_token(broker, path, SHORT)

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def settings_in(broker: Broker, own: Path, logins: dict[str, str], **more: Any) -> Settings:
    """The job's own files; ``[kafka]`` is by tickets."""
    tickets = {"kerberos.ticket_cache": f"file:{own / 'tickets'}"}
    overrides = broker.settings_of_all(own, logins) | tickets | more
    return broker.sandbox.settings(login=kafka_logins.TICKETS, overrides=overrides)


def renewed(broker: Broker, tickets: Path) -> dict[str, Any]:
    """A cluster that is logged in to by tickets that can be renewed."""
    box = broker.sandbox
    return {
        f"kafka.{RENEWED}": {
            "bootstrap_servers": [f"localhost:{box.ports['kafka-sasl-ssl']}"],
            "ca_certs": str(box.ca_certs),
            "group_id": "flink",
            "kerberos": RENEWED,
        },
        f"kerberos.{RENEWED}": {
            "principal": "flink@SANDBOX.LOCAL",
            "ticket_cache": f"FILE:{tickets}",
            "krb5_conf": str(box.krb5_conf),
        },
    }


def copying(job: SecureJob, clusters: list[str | None], out: str | None) -> None:
    streams = [job.from_kafka(topic_of(one), Word, cluster=one) for one in clusters]
    job.env.enable_checkpointing(500)
    streams[0].union(*streams[1:]).sink_to(
        job.to_kafka("out", delivery="at_least_once", cluster=out)
    )


def topic_of(cluster: str | None) -> str:
    return f"from-{cluster or LOGINS[kafka_logins.TICKETS]}"


def write_round(broker: Broker, name: str, clusters: list[str | None]) -> None:
    """Write a word for each cluster."""
    for one in clusters:
        broker.sandbox.produce(topic_of(one), [f'\t\t{{"text":"{name} {one}"}}'])


def await_round(broker: Broker, name: str, clusters: list[str | None]) -> None:
    """Wait until all words have come through the job."""
    words = {f"{name} {one}" for one in clusters}
    wait_for(lambda: words <= {line[9:-2] for line in broker.sandbox.consume("out")})


def wait_for(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "it does not come"
        time.sleep(1)


def log_of(logs: Path) -> str:
    return "".join(content.decode() for content in content_below(logs))


def test_a_running_job_goes_on_with_what_replaces_its_tickets_certificates_and_tokens(
    broker: Broker, logs: Path, tmp_path: Path
) -> None:
    own, old, box = tmp_path / "own", tmp_path / "old", broker.sandbox
    clusters = [None, RENEWED, *REPLACED.values()]
    write_round(broker, "first", clusters)
    write_all(broker, own)
    box.kinit(own / "renewable")
    shutil.copytree(own, old)
    secret = kafka_logins.client_secret(box._layout, "flink")
    settings = settings_in(broker, own, REPLACED, **renewed(broker, own / "renewable"))
    with (
        renewing(broker, own / "token"),
        pytest.raises(JobError, match="Job was cancelled"),
        SecureJob("outlives", settings=settings) as job,
    ):
        copying(job, clusters, "certificate")
        loader = jars()
        running = job.execute_async()
        await_round(broker, "first", clusters)
        broker.tls.refuse()
        with superuser(broker, loader) as rights:
            broker.change_authority(rights)
        broker.write_client(own)
        broker.tls.accept()
        write_private(secret, "another secret, and no canary")
        box.kinit(own / "renewable", lasts=RENEWABLE, renewable=timedelta(days=1))
        renewable_ends = time.monotonic() + RENEWABLE.total_seconds()
        # People get a new one when theirs is over.
        box.kinit(own / "tickets", lasts=SHORT)
        wait_for(lambda: OVER in log_of(logs))
        box.kinit(own / "tickets")
        write_round(broker, "second", clusters)
        await_round(broker, "second", clusters)
        time.sleep(max(0.0, renewable_ends + AGAIN_SECONDS - time.monotonic()))
        write_round(broker, "third", clusters)
        await_round(broker, "third", clusters)
        running.cancel()
    told = log_of(logs)
    # What finds partitions and what reads them have a login each.
    each = told.count(f"kerberos.{RENEWED}.ticket_cache: new tickets are in use")
    assert 1 <= told.count(OVER) <= each
    assert told.count("kerberos.ticket_cache: new tickets are in use") == 2 * each
    assert f"kerberos.{RENEWED}.ticket_cache: the file" not in told
    assert "new files of TLS are in use" in told
    # Nothing of it went by what there was before.
    at_certificate = settings_in(broker, old, REPLACED).on_kafka("certificate")
    with pytest.raises(FlinkSecError, match=r"kafka\.certificate\.ca_certs: .*untrusted"):
        ask(at_certificate)
    shutil.copy(own / "ca.pem", old)
    with pytest.raises(FlinkSecError, match=r"kafka\.certificate\.client_cert: .*refused"):
        ask(at_certificate)


def test_a_job_that_starts_again_finds_the_password_that_was_changed_meanwhile(
    broker: Broker, tmp_path: Path
) -> None:
    passwords = {name: LOGINS[name] for name in ("scram-sha-256", "scram-sha-512", "plain")}
    clusters: list[str | None] = list(passwords.values())
    own = tmp_path / "own"
    write_all(broker, own)
    strategy = "restart-strategy"
    restarts = {
        f"{strategy}.type": "fixed-delay",
        f"{strategy}.fixed-delay.delay": "1 s",
        f"{strategy}.fixed-delay.attempts": 20,
    }
    settings = settings_in(broker, own, passwords, flink=restarts)
    with (
        pytest.raises(JobError, match="Job was cancelled"),
        SecureJob("rotates", settings=settings) as job,
    ):
        copying(job, clusters, "scramsha512")
        running = job.execute_async()
        write_round(broker, "before", clusters)
        await_round(broker, "before", clusters)
        for number in range(2):
            broker.sandbox.change_password("flink", f"a password, number {number}")
            time.sleep(2 * AGAIN_SECONDS)
        write_round(broker, "after", clusters)
        await_round(broker, "after", clusters)
        running.cancel()


def refuses_tokens(broker: Broker, _: Path, __: Any) -> None:
    broker.tokens.refuse()


def ends_token(broker: Broker, own: Path, _: Any) -> None:
    write_token(broker, own / "token", timedelta(seconds=1))


def deletes_user(broker: Broker, _: Path, loader: Any) -> None:
    with superuser(broker, loader) as rights:
        kafka = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin
        several = jvm.view().java.util.ArrayList()
        mechanism = kafka.ScramMechanism.SCRAM_SHA_256
        several.add(kafka.UserScramCredentialDeletion("flink", mechanism))
        rights.wait(rights.admin.alterUserScramCredentials(several).all())


ENDS: list[tuple[str, Callable[[Broker, Path, Any], None], str, str]] = [
    ("oauthbearer", refuses_tokens, "kafka.oauthbearer.oauth_token_endpoint: ", "can be reached"),
    ("token-file", ends_token, "kafka.tokenfile.oauth_token_file: ", "has expired"),
    ("scram-sha-256", deletes_user, "kafka.scramsha256.password: ", "refuses one of the two"),
]


@pytest.mark.parametrize(("login", "end", "setting", "part"), ENDS, ids=[one[0] for one in ENDS])
def test_what_has_ended_while_a_job_runs_is_told_by_its_setting(
    broker: Broker,
    tmp_path: Path,
    login: str,
    end: Callable[[Broker, Path, Any], None],
    setting: str,
    part: str,
) -> None:
    own = tmp_path / "own"
    write_all(broker, own)
    kafka_logins.set_token_lifetime(broker.sandbox._layout, 8 * AGAIN_SECONDS)
    settings = settings_in(broker, own, {login: LOGINS[login]})
    try:
        with (
            pytest.raises(JobError) as caught,
            SecureJob(f"ends-{login}", settings=settings) as job,
        ):
            copying(job, [LOGINS[login]], LOGINS[login])
            loader = jars()
            job.execute_async()
            end(broker, own, loader)
    finally:
        broker.tokens.accept()
    told = caught.value
    assert told.message.startswith(setting), told.message
    assert part in f"{told.message} {told.hint}", f"{told.message} {told.hint}"
    assert "\tat " not in told.message
