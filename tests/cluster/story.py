# SPDX-License-Identifier: Apache-2.0
"""What happens to the flight job on its cluster, in one go; the tests ask about it afterwards."""

import shutil
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.rotate import Renewal, Step, rotate
from flinksec_jobs.demo.evidence import Evidence
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sandbox.ports import free_ports
from tests.cluster.clients import Identity, listening_ports, speak_plainly, speak_tls, tls_version
from tests.cluster.processes import MAKING, QUICK_START, FlinkCluster
from tests.cluster.rest_answers import answers
from tests.servers.conftest import JOB
from tests.servers.secrets_search import Seen

TASK_MANAGERS = ("taskmanager-1", "taskmanager-2")
PROCESSES = ("jobmanager", *TASK_MANAGERS)
# So slow that the job lasts until it is let go.
_BYTES_A_SECOND = 20_000
_FLINK = """
[job]
parallelism = 2
resume = "first"
[flink]
"heartbeat.interval" = "1 s"
"heartbeat.timeout" = "15 s"
"""

Place = tuple[str, int]
"""A process and a port."""


@dataclass
class Story:
    """What was seen.

    Attributes:
        ports: on which each process listened.
        attempts: for each client what came of its tries, by process and port.
        versions: the answers to a client that speaks TLS 1.2 only.
        after_rotation: the same as `attempts`, when the old certificate had been dropped.
        still_running: whether the job was running when the last step was done.
        savepoint: where it was written.
        answers: all that REST told at the end, by path.
        exit_codes: of all processes at the end.
    """

    cluster: FlinkCluster
    evidence: Evidence
    seen: Seen
    ports: dict[str, set[int]] = field(default_factory=dict)
    attempts: dict[str, dict[Place, str]] = field(default_factory=dict)
    versions: dict[Place, str] = field(default_factory=dict)
    after_rotation: dict[str, dict[Place, str]] = field(default_factory=dict)
    still_running: bool = False
    savepoint: str = ""
    answers: dict[str, bytes] = field(default_factory=dict)
    exit_codes: dict[str, int] = field(default_factory=dict)
    secret_directories: list[Path] = field(default_factory=list)


@contextmanager
def told(sandbox: Sandbox, directory: Path) -> Iterator[Story]:
    """Run the job from its start to its end."""
    (zookeeper,) = free_ports(1)
    more = f'high_availability = "zookeeper"\nzookeeper_quorum = ["127.0.0.1:{zookeeper}"]'
    settings = sandbox.settings_toml() + 'checkpoint_interval = "1 s"\n' + _FLINK + QUICK_START
    with FlinkCluster(directory, settings, more) as cluster:
        state, kept = sandbox.directory / "state", sandbox.directory / "evidence-of-cluster"
        with Evidence(state, kept) as evidence, Seen.watching(cluster.ask) as seen:
            story = Story(cluster, evidence, seen)
            cluster.start_zookeeper(zookeeper)
            sandbox.limit_reading(_BYTES_A_SECOND)
            try:
                _start(cluster, *PROCESSES)
                cluster.wait_for_checkpoint()
                _attack(story, directory)
                _kill_and_rotate(story, directory)
                story.savepoint = cluster.savepoint("savepoints", {"cancel-job": False})
                story.answers = dict(answers(cluster.ask))
                story.still_running = '"RUNNING"' in cluster.ask("/jobs").decode()
            finally:
                sandbox.limit_reading(0)
            story.exit_codes["jobmanager"] = cluster.exit_code("jobmanager")
            for name in TASK_MANAGERS:
                story.exit_codes[name] = cluster.terminate(name)
        yield story


def _start(cluster: FlinkCluster, *names: str) -> None:
    for name in names:
        if name == "jobmanager":
            cluster.start_jobmanager(JOB)
        else:
            cluster.start_taskmanager(name)


def _attack(story: Story, directory: Path) -> None:
    """Try every port that is open with every client."""
    cluster = story.cluster
    create(directory / "foreign", Request(names=("127.0.0.1",), making=MAKING))
    foreign = Identity.of_store(directory / "foreign" / "internal", directory / "foreign-pem")
    right = _identities(cluster.tls, directory / "right")
    cluster.wait_for_the_programs_end()
    story.ports = {name: listening_ports(cluster.pid(name)) for name in PROCESSES}
    places = [(name, port) for name, ports in story.ports.items() for port in sorted(ports)]
    # Whoever may ask REST is no process of the cluster, and the other way round.
    other = {"internal": right["rest"], "rest": right["internal"]}
    story.attempts = {
        "plaintext": _each(places, lambda place: speak_plainly(place[1])),
        "no certificate": _each(places, lambda place: speak_tls(place[1], None)),
        "foreign certificate": _each(places, lambda place: speak_tls(place[1], foreign)),
        "right certificate": _each(places, partial(_speak_as, cluster, right)),
        "certificate of the other kind": _each(places, partial(_speak_as, cluster, other)),
    }

    def speak_older_tls(place: Place) -> str:
        return tls_version(place[1], ssl.TLSVersion.TLSv1_2, right[_kind(cluster, place)])

    story.versions = _each(places, speak_older_tls)


def _each(places: list[Place], speak: Callable[[Place], str]) -> dict[Place, str]:
    """Try all ports at once: a server that has let a client in says nothing for a while."""
    with ThreadPoolExecutor(len(places)) as pool:
        return dict(zip(places, pool.map(speak, places), strict=True))


def _identities(tls: Path, target: Path) -> dict[str, Identity]:
    target.mkdir()
    cli = tls / "cli"
    internal = Identity.of_store(tls / "internal", target / "internal")
    shutil.copy(cli / "tls.crt", target / "cli.crt")
    shutil.copy(cli / "tls.key", target / "cli.key")
    return {
        "internal": internal,
        "rest": Identity(target / "cli.crt", target / "cli.key"),
    }


def _kind(cluster: FlinkCluster, place: Place) -> str:
    return "rest" if place[1] == cluster.rest_port else "internal"


def _kill_and_rotate(story: Story, directory: Path) -> None:
    """Three times: change the stores, kill the TaskManagers, then the JobManager.

    In between, processes that were started before and after the change work together.
    """
    cluster = story.cluster
    old = _identities(cluster.tls, directory / "old")
    for step in (Step.TRUST_BOTH, Step.NEW_KEYS, Step.DROP_OLD):
        story.secret_directories.append(directory / f"tls-before-{step.value}")
        shutil.copytree(cluster.tls, story.secret_directories[-1])
        rotate(cluster.tls, step, Renewal(making=MAKING))
        for group in (TASK_MANAGERS, ("jobmanager",)):
            for name in group:
                cluster.kill(name)
            _start(cluster, *group)
            cluster.wait_for_checkpoint()
    new = _identities(cluster.tls, directory / "new")
    cluster.wait_for_the_programs_end()
    places = [(name, port) for name in PROCESSES for port in listening_ports(cluster.pid(name))]
    for when, identities in (("old", old), ("new", new)):
        story.after_rotation[when] = _each(places, partial(_speak_as, cluster, identities))


def _speak_as(cluster: FlinkCluster, identities: dict[str, Identity], place: Place) -> str:
    return speak_tls(place[1], identities[_kind(cluster, place)])
