# SPDX-License-Identifier: Apache-2.0
"""The flight job on a cluster of processes: attacked, killed, re-keyed, and right in the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.demo import arrivals, flights
from flinksec_jobs.demo.expected import Expected, expected_figures
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sealed import KeyRing, Status, verify_file
from tests.cluster.clients import IN
from tests.cluster.story import PROCESSES, TASK_MANAGERS, Story, told
from tests.servers.secrets_search import secrets_of


@pytest.fixture(scope="module")
def story(
    sandbox: Sandbox,
    flights_in_kafka: list[flights.Row],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Story]:
    with told(sandbox, tmp_path_factory.mktemp("cluster")) as happened:
        yield happened


@pytest.fixture(scope="module")
def expected(flights_in_kafka: list[flights.Row]) -> Expected:
    return expected_figures(flights_in_kafka)


def test_the_processes_listen_on_their_pinned_ports_and_on_no_others(story: Story) -> None:
    cluster = story.cluster
    pinned = {cluster.rpc_port, cluster.blob_port, cluster.metrics_port, cluster.rest_port}
    assert story.ports["jobmanager"] == pinned
    assert [len(story.ports[name]) for name in TASK_MANAGERS] == [3, 3]


@pytest.mark.parametrize(
    "client",
    ["plaintext", "no certificate", "foreign certificate", "certificate of the other kind"],
)
def test_every_port_refuses(story: Story, client: str) -> None:
    outcomes = story.attempts[client]
    assert len(outcomes) == 10
    assert [place for place, outcome in outcomes.items() if outcome == IN] == []


def test_every_port_lets_the_right_certificate_in(story: Story) -> None:
    outcomes = story.attempts["right certificate"]
    assert len(outcomes) == 10
    assert set(outcomes.values()) == {IN}


def test_no_port_speaks_an_older_tls_than_the_settings_say(story: Story) -> None:
    assert len(story.versions) == 10
    assert [place for place, answer in story.versions.items() if answer == "TLSv1.2"] == []


def test_the_job_was_still_at_work_when_its_processes_had_been_replaced(story: Story) -> None:
    assert story.still_running


def test_the_job_ends_well(story: Story) -> None:
    assert story.exit_codes["jobmanager"] == 0


def test_all_processes_log_in_by_the_keytab(story: Story) -> None:
    for name in PROCESSES:
        assert "Hadoop user set to flink@SANDBOX.LOCAL (auth:KERBEROS)" in story.cluster.log(name)


@pytest.mark.parametrize("what", ["kafka_in", "elasticsearch", "hdfs", "kafka_alerts"])
def test_all_figures_equal_the_plain_pass(
    sandbox: Sandbox, story: Story, expected: Expected, what: str
) -> None:
    checks = list(getattr(arrivals, what)(sandbox, expected))
    assert checks
    assert [check for check in checks if not check.ok] == []


def test_after_the_rotation_the_old_certificate_is_refused_and_the_new_gets_in(
    story: Story,
) -> None:
    old, new = story.after_rotation["old"], story.after_rotation["new"]
    assert len(old) == len(new) == 10
    assert [place for place, outcome in old.items() if outcome == IN] == []
    assert set(new.values()) == {IN}


def test_a_new_jobmanager_goes_on_from_the_checkpoint_of_the_old_one(story: Story) -> None:
    log = story.cluster.log("jobmanager")
    assert log.count("Restoring job") >= 3
    assert "from Checkpoint" in log
    # New certificates make it no other job: the plan that was stored is the one that runs.
    assert "was made from other inputs" not in log
    assert log.count("Successfully recovered 1 persisted job graphs") >= 3


def test_every_file_of_every_checkpoint_is_sealed_and_whole(sandbox: Sandbox, story: Story) -> None:
    ring = KeyRing.open(sandbox.state_keys)
    statuses = {path: verify_file(path, ring).status for path in story.evidence.files()}
    assert len(statuses) > 10
    assert set(statuses.values()) == {Status.WHOLE}


def test_the_savepoint_is_sealed(sandbox: Sandbox, story: Story) -> None:
    assert "sealed+file:" in story.savepoint
    ring = KeyRing.open(sandbox.state_keys)
    found = list((sandbox.directory / "state" / "savepoints").rglob("*"))
    files = [path for path in found if path.is_file()]
    assert len(files) > 1
    assert {verify_file(path, ring).status for path in files} == {Status.WHOLE}


def test_the_data_of_high_availability_is_sealed(sandbox: Sandbox, story: Story) -> None:
    ring = KeyRing.open(sandbox.state_keys)
    kept = story.evidence.root / "high-availability"
    files = [path for path in kept.rglob("*") if path.is_file()]
    statuses = {path: verify_file(path, ring).status for path in files}
    assert list(statuses.values()).count(Status.WHOLE) > 3
    # A JobManager that is killed while it writes leaves a file that was never finished.
    assert set(statuses.values()) <= {Status.WHOLE, Status.TRUNCATED}


def test_no_secret_is_in_any_log_environment_command_line_or_answer(
    sandbox: Sandbox, story: Story
) -> None:
    seen = story.seen
    seen.add_files("log", story.cluster.logs)
    for path, answer in story.answers.items():
        seen.add(f"REST {path}", answer)
    secrets = secrets_of(sandbox.directory) | dict(_tls_secrets(story))
    assert len(secrets) > 20
    # The search finds what is not secret, in every place.
    harmless = {
        "main class": b"StandaloneApplicationClusterEntryPoint",
        "variable": b"FLINKSEC_SETTINGS=",
        "keytab": f"{sandbox.directory / 'keytabs'}".encode(),
    }
    found = set(seen.find(harmless))
    assert found >= {
        ("main class", "command line"),
        ("variable", "environment"),
        ("main class", "log"),
        ("keytab", "log"),
        ("keytab", "REST /jobmanager/config"),
    }
    assert len(story.answers) > 60
    assert seen.find(secrets) == []


def _tls_secrets(story: Story) -> Iterator[tuple[str, bytes]]:
    for directory in [story.cluster.tls, *story.secret_directories]:
        for path in Path(directory).rglob("*"):
            if path.name == "password":
                yield f"{path}", path.read_bytes().strip()
            elif path.name == "tls.key":
                yield f"{path}", path.read_bytes().split(b"\n")[1]
