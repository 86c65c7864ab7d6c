# SPDX-License-Identifier: Apache-2.0
"""The flight job in restricted containers of its image, on real servers, to the right figures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flinksec_jobs.demo import arrivals, flights
from flinksec_jobs.demo.evidence import Evidence
from flinksec_jobs.demo.expected import expected_figures
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sealed import KeyRing, Status, verify_file
from tests.image.containers import UNKNOWN_USER, ImageCluster
from tests.servers.secrets_search import Seen, secrets_of

ROLES = ("jobmanager", "taskmanager-1", "taskmanager-2")
# The image's own, one that it does not know, and another.
USERS = dict(zip(ROLES, (UNKNOWN_USER, 10001, UNKNOWN_USER + 1), strict=True))
STATUS = "open('/proc/1/status').read()"
CHECK_TLS = """
import os, socket, ssl
for bundle in ("/run/flinksec/conf/ca-bundle.pem", ""):
    os.environ["SSL_CERT_FILE"] = bundle
    context = ssl.create_default_context()
    with socket.create_connection(("localhost", {port})) as plain:
        try:
            context.wrap_socket(plain, server_hostname="localhost").close()
            print("trusted")
        except ssl.SSLCertVerificationError:
            print("refused")
"""


@dataclass
class Run:
    """What was seen while the job ran, and how it ended."""

    cluster: ImageCluster
    evidence: Evidence
    code: int = -1
    status: dict[str, str] = field(default_factory=dict)
    command: dict[str, list[str]] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    trust: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def run(
    sandbox: Sandbox,
    flights_in_kafka: list[flights.Row],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Run]:
    directory = tmp_path_factory.mktemp("image")
    more = '[job]\nparallelism = 2\nresume = "first"\n'
    with ImageCluster(directory, sandbox, more) as cluster:
        settings = cluster.mounts.directory / "job" / "settings.toml"
        text = settings.read_text()
        settings.chmod(0o640)
        settings.write_text(text.replace("[state]\n", '[state]\ncheckpoint_interval = "1 s"\n'))
        settings.chmod(0o440)
        evidence = Evidence(cluster.state, directory / "evidence", seen_as=Path("/mnt/state"))
        with evidence:
            for number in (1, 2):
                cluster.start_taskmanager(number, user=USERS[f"taskmanager-{number}"])
            cluster.start_jobmanager(user=USERS["jobmanager"])
            seen = Run(cluster, evidence)
            cluster.wait_for_line("jobmanager", "switched from state CREATED to RUNNING")
            look_inside(seen, sandbox)
            seen.code = cluster.exit_code("jobmanager")
        yield seen


def look_inside(run: Run, sandbox: Sandbox) -> None:
    for role in ROLES:
        python = ("/opt/flinksec/bin/python", "-c")
        run.status[role] = run.cluster.inside(role, *python, f"print({STATUS})")
        lines = run.cluster.inside(role, "cat", "/proc/1/cmdline")
        run.command[role] = lines.split("\0")
        run.environment[role] = run.cluster.inside(role, "cat", "/proc/1/environ")
    program = CHECK_TLS.format(port=sandbox.ports["elasticsearch"])
    run.trust = run.cluster.inside("jobmanager", *python, program).split()


def test_the_jobmanager_ends_with_0_when_the_job_has_finished(run: Run) -> None:
    assert run.code == 0, run.cluster.log("jobmanager")[-4000:]


@pytest.mark.parametrize("what", ["kafka_in", "elasticsearch", "hdfs", "kafka_alerts"])
def test_all_figures_equal_the_plain_pass(
    sandbox: Sandbox, flights_in_kafka: list[flights.Row], run: Run, what: str
) -> None:
    expected = expected_figures(flights_in_kafka)
    checks = list(getattr(arrivals, what)(sandbox, expected))
    assert checks
    assert [check for check in checks if not check.ok] == []


def test_every_file_of_every_checkpoint_is_sealed_and_whole(sandbox: Sandbox, run: Run) -> None:
    ring = KeyRing.open(sandbox.state_keys)
    statuses = {path: verify_file(path, ring).status for path in run.evidence.files()}
    assert len(statuses) > 2
    assert set(statuses.values()) == {Status.WHOLE}


@pytest.mark.parametrize("role", ROLES)
def test_process_1_is_java_without_any_right(run: Run, role: str) -> None:
    said = dict(re.findall(r"^(\w+):\s*(.*)$", run.status[role], re.MULTILINE))
    assert said["Uid"].split() == [str(USERS[role])] * 4
    assert said["Gid"].split() == ["0"] * 4
    assert {said[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {"0" * 16}
    assert said["NoNewPrivs"] == "1"
    assert said["Seccomp"] == "2"
    assert run.command[role][0] == "/opt/flinksec/jre/bin/java"


def test_the_mounted_ca_is_trusted_through_the_merged_bundle_and_not_without_it(run: Run) -> None:
    assert run.trust == ["trusted", "refused"]
    for role in ROLES:
        assert "SSL_CERT_FILE=/run/flinksec/conf/ca-bundle.pem" in run.environment[role]
        stores = [one for one in run.command[role] if "javax.net.ssl.trustStore=" in one]
        assert stores == ["-Djavax.net.ssl.trustStore=/run/flinksec/conf/truststore.p12"]


def test_no_secret_is_in_a_log_an_environment_or_a_command_line(sandbox: Sandbox, run: Run) -> None:
    seen = Seen(lambda _: b"")
    for role in ROLES:
        seen.add("a log", run.cluster.log(role).encode())
        seen.add("environment", run.environment[role].encode())
        seen.add("command line", "\0".join(run.command[role]).encode())
    secrets = secrets_of(sandbox.directory)
    top = run.cluster.mounts.directory / "tls"
    words = {path: path.read_text().strip() for path in top.rglob("password")}
    assert len(words) > 1
    assert len(secrets) > 10
    assert seen.find(secrets) == []
    everything = "".join([*run.cluster.logs().values(), *run.environment.values()])
    assert [path for path, word in words.items() if word in everything] == []
