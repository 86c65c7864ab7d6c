# SPDX-License-Identifier: Apache-2.0
"""The sandbox: who is let in, what it keeps private, and that nothing of it is left behind."""

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner, Result
from elasticsearch import AuthenticationException, Elasticsearch, SSLError

from flinksec_jobs.cli import main
from flinksec_jobs.errors import SandboxError
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox import Sandbox, kafka_broker
from flinksec_jobs.sandbox.processes import ServerRecord
from tests.patience import PATIENCE

LINES = [f'{1000 + i}\tkey-{i % 3}\t{{"n":{i}}}' for i in range(500)]


def test_what_is_written_to_kafka_over_kerberos_is_read_back(sandbox: Sandbox) -> None:
    sandbox.create_topics({"numbers": 3})
    done: list[int] = []
    sandbox.produce("numbers", LINES, progress=done.append)
    assert sandbox.topic_size("numbers") == 500
    assert sorted(sandbox.consume("numbers")) == sorted(line.split("\t")[2] for line in LINES)
    assert done[-1] == 500


def test_creating_a_topic_again_changes_nothing(sandbox: Sandbox) -> None:
    sandbox.create_topics({"again": 1})
    sandbox.produce("again", LINES[:7])
    sandbox.create_topics({"again": 1})
    assert sandbox.topic_size("again") == 7


def test_the_commands_show_what_is_in_the_servers(sandbox: Sandbox, tmp_path: Path) -> None:
    def run(*arguments: str, text: str = "") -> Result:
        where = ["--dir", str(sandbox.directory)]
        return CliRunner().invoke(main, ["sandbox", *arguments, *where], input=text)

    assert run("topics", "shown=1").stdout == "shown: made\n"
    made = json.loads(run("topics", "shown", "--json").stdout)
    assert made == {"made": [], "there": ["shown"]}
    text = '{"id": "\u00fc", "at": 5}\n\n{"id": "b", "at": 6}\n'
    written = run("produce", "shown", "--key", "id", "--timestamp", "at", text=text)
    assert written.stderr == "2 records are in the topic shown\n"
    records = [json.loads(line) for line in run("consume", "shown", "--json").stdout.splitlines()]
    assert sorted((one["timestamp"], one["key"]) for one in records) == [(5, "\u00fc"), (6, "b")]
    assert {one["value"] for one in records} == set(text.split("\n")) - {""}
    assert len(run("consume", "shown", "--max", "1").stdout.splitlines()) == 1
    odd: list[dict[str, Any]] = [
        {"key": {"base64": "/wA="}, "value": None, "headers": [["a", "1"], ["a", None]]},
        {"key": None, "value": {"base64": "/g=="}, "headers": [], "timestamp": 7},
    ]
    assert run("topics", "odd").exit_code == 0
    written = run("produce", "odd", "--whole", text="\n\n".join(map(json.dumps, odd)))
    assert written.stderr == "2 records are in the topic odd\n"
    told = [json.loads(line) for line in run("consume", "odd", "--json").stdout.splitlines()]
    assert [one | {"timestamp": one.get("timestamp", told[0]["timestamp"])} for one in odd] == [
        {name: one[name] for name in one if name not in {"partition", "offset"}} for one in told
    ]
    found = {one["name"]: one for one in json.loads(run("topics", "--json").stdout)["topics"]}
    assert found["shown"] == {"name": "shown", "partitions": 1, "records": 2}
    assert "/data" not in run("files", "/data/nothing-is-here").stdout
    missing = run("consume", "not-there")
    assert missing.exit_code == 1
    assert missing.stderr == (
        "error: there is no topic not-there\nhint: make it: flinksec sandbox topics not-there\n"
    )
    assert run("documents", "not-there").stderr.startswith(
        "error: the index not-there cannot be read: index_not_found_exception\n"
    )


def test_kafka_refuses_a_client_without_a_ticket(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="LoginException"):
        sandbox.consume("flights", principal=None)


def test_kafka_refuses_a_ticket_without_rights(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="Not authorized to access topics"):
        sandbox.consume("flights", principal="guest")


def test_the_jobs_principal_has_no_right_on_a_topic_that_it_was_not_given(
    sandbox: Sandbox,
) -> None:
    with pytest.raises(SandboxError, match="Not authorized to access topics"):
        sandbox.consume("__consumer_offsets")


def handshake(
    sandbox: Sandbox, port: str, context: ssl.SSLContext, seconds: float = PATIENCE
) -> str | None:
    """The TLS version agreed upon; raises ssl.SSLError where either side refuses.

    In TLS 1.3 the refusal of a client comes after its handshake, within some seconds.
    """
    address = ("localhost", sandbox.ports[port])
    with (
        socket.create_connection(address, timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        tls.settimeout(seconds)
        with suppress(TimeoutError):
            tls.recv(1)
        return tls.version()


def test_the_client_certificate_listener_of_kafka_refuses_a_client_without_one(
    sandbox: Sandbox,
) -> None:
    context = ssl.create_default_context(cafile=sandbox.ca_certs)
    with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required|bad.certificate"):
        handshake(sandbox, "kafka-ssl", context)


def test_the_client_certificate_listener_of_kafka_takes_the_jobs_certificate(
    sandbox: Sandbox,
) -> None:
    context = ssl.create_default_context(cafile=sandbox.ca_certs)
    context.load_cert_chain(sandbox.client_cert, sandbox.client_key)
    assert handshake(sandbox, "kafka-ssl", context, seconds=3) == "TLSv1.3"


@pytest.mark.parametrize("port", ["kafka-sasl-ssl", "kafka-ssl", "elasticsearch", "hdfs-https"])
def test_a_client_that_trusts_another_ca_refuses_the_servers(sandbox: Sandbox, port: str) -> None:
    context = ssl.create_default_context(cafile=sandbox.rogue_ca_certs)
    with pytest.raises(
        ssl.SSLCertVerificationError,
        match="CERTIFICATE_VERIFY_FAILED",
    ):
        handshake(sandbox, port, context)


def test_hdfs_refuses_a_client_without_a_ticket(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="Client cannot authenticate via"):
        list(sandbox.hdfs_lines("/data", principal=None))


def test_hdfs_refuses_a_principal_without_rights(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="Permission denied: user=guest"):
        list(sandbox.hdfs_lines("/data", principal="guest"))


def elasticsearch(sandbox: Sandbox, ca_certs: Path, **credentials: object) -> Elasticsearch:
    address = f"https://localhost:{sandbox.ports['elasticsearch']}"
    return Elasticsearch(address, ca_certs=str(ca_certs), max_retries=0, **credentials)  # type: ignore[arg-type]


def test_elasticsearch_takes_the_jobs_password_and_its_api_key(sandbox: Sandbox) -> None:
    key = (sandbox.directory / "secrets" / "elasticsearch-api-key").read_text()
    sandbox.elasticsearch_client().index(index="seen", id="1", document={"n": 1}, refresh=True)
    with elasticsearch(sandbox, sandbox.ca_certs, api_key=key) as client:
        assert client.get(index="seen", id="1")["_source"] == {"n": 1}


@pytest.mark.parametrize("credentials", [{}, {"basic_auth": ("flink", "wrong")}, {"api_key": "x"}])
def test_elasticsearch_refuses_missing_and_wrong_credentials(
    sandbox: Sandbox, credentials: dict[str, object]
) -> None:
    with (
        elasticsearch(sandbox, sandbox.ca_certs, **credentials) as client,
        pytest.raises(AuthenticationException),
    ):
        client.cat.health()


def test_elasticsearch_speaks_no_plain_http(sandbox: Sandbox) -> None:
    address = ("localhost", sandbox.ports["elasticsearch"])
    with socket.create_connection(address, timeout=PATIENCE) as plain:
        plain.sendall(b"GET /_cat/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not plain.recv(100).startswith(b"HTTP/1.1 200")


def test_an_unknown_ca_is_refused_by_elastics_own_client(sandbox: Sandbox) -> None:
    with (
        elasticsearch(sandbox, sandbox.rogue_ca_certs) as client,
        pytest.raises(SSLError) as refusal,
    ):
        client.cat.health()
    assert "certificate verify failed" in refusal.value.message


def test_every_file_of_the_servers_is_private_to_their_user(sandbox: Sandbox) -> None:
    assert stat.S_IMODE(sandbox.directory.stat().st_mode) == 0o700
    of_jobs = {sandbox.directory / "state", sandbox.directory / "evidence"}
    exposed = [
        path
        for directory, _, names in os.walk(sandbox.directory)
        for path in (Path(directory) / name for name in names)
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
        if of_jobs.isdisjoint(path.parents)
    ]
    assert exposed == []


def test_a_second_up_in_the_same_directory_finds_the_first(sandbox: Sandbox) -> None:
    before = {server.pid for server in sandbox.status()}
    told: list[str] = []
    second = Sandbox(sandbox.directory, progress=told.append)
    second.up()
    assert {server.pid for server in sandbox.status()} == before
    assert second.ports == sandbox.ports
    assert told == [f"the sandbox in {sandbox.directory} runs already"]


def test_attach_finds_a_running_sandbox_and_tells_where_there_is_none(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    assert Sandbox.attach(sandbox.directory).settings_toml() == sandbox.settings_toml()
    with pytest.raises(SandboxError, match="no sandbox runs in") as refusal:
        Sandbox.attach(tmp_path)
    assert "flinksec sandbox up" in str(refusal.value.hint)


OWNER = """
import sys, time
from pathlib import Path
from flinksec_jobs.sandbox import Sandbox
sandbox = Sandbox(Path(sys.argv[1]), only=["kafka"], detached=sys.argv[2] == "detached")
sandbox.up()
print("up", flush=True)
time.sleep(600)
"""


def killed_owner(directory: Path, how: str) -> list[ServerRecord]:
    """The servers of a sandbox whose owner was killed without warning."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, directory, how], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with owner:
        assert owner.stdout.readline() == "up\n"
        servers = [
            ServerRecord(one.name, one.pid, psutil.Process(one.pid).create_time())
            for one in Sandbox(directory).status()
        ]
        owner.send_signal(signal.SIGKILL)
    assert [server.name for server in servers] == ["kdc", "kafka"]  # one process
    return servers


def gone(servers: list[ServerRecord]) -> bool:
    end = time.monotonic() + PATIENCE
    while any(server.process() for server in servers):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def test_the_servers_of_a_killed_owner_end_with_it(tmp_path: Path) -> None:
    assert gone(killed_owner(tmp_path / "sandbox", "attached"))


def test_detached_servers_outlive_their_owner_until_they_are_taken_down(tmp_path: Path) -> None:
    directory = tmp_path / "sandbox"
    servers = killed_owner(directory, "detached")
    assert servers
    try:
        assert all(server.process() for server in servers)
        assert Sandbox.attach(directory).ports["kdc"] > 0
    finally:
        subprocess.run(
            [sys.executable, "-m", "flinksec_jobs", "sandbox", "down", "--dir", directory],
            check=True,
        )
    assert not any(server.process() for server in servers)
    assert Sandbox(directory).status() == []


def test_a_sandbox_that_is_started_again_has_its_data_still(tmp_path: Path) -> None:
    directory = tmp_path / "sandbox"
    with Sandbox(directory) as first:
        first.create_topics({"kept": 1})
        first.produce("kept", LINES)
        first.elasticsearch_client().index(index="kept", id="1", document={"n": 1})
    with Sandbox(directory) as second:
        assert len(second.consume("kept")) == 500
        assert second.elasticsearch_client().get(index="kept", id="1")["_source"] == {"n": 1}
        assert second.hdfs_ls("/data") == []


def test_a_server_that_dies_at_its_start_is_named_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> dict[str, str]:
        return {"process.roles": "nonsense"}

    monkeypatch.setattr(kafka_broker, "server_properties", broken)
    box = Sandbox(tmp_path / "sandbox", only=["kafka"])
    with pytest.raises(SandboxError, match="the sandbox's kafka ended with exit code 1") as died:
        box.up()
    assert "Exception" in died.value.message
    assert "\tat " not in died.value.message
    assert str(tmp_path / "sandbox" / "logs" / "kafka.log") in str(died.value.hint)
    assert box.status() == []


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "precious", "data")
    with pytest.raises(SandboxError, match="is not empty and holds no sandbox"):
        Sandbox(tmp_path).up()
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
