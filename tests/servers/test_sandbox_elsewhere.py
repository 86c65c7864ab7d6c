# SPDX-License-Identifier: Apache-2.0
"""The sandbox under another name, on another address and the products' own ports.

It runs in a network and mount namespace of its own, where that name and address exist.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.sandbox.ports import WELL_KNOWN
from tests.patience import PATIENCE

HOST, ADDRESS = "servers.sandbox.example", "192.0.2.10"
ROWS = 3000
JOB = Path(__file__).parents[2] / "jobs" / "flight_delays.py"
# Keeps the namespace until its standard input is closed.
HOLD = f"""
set -e
ip link set lo up
ip address add {ADDRESS}/32 dev lo
mount --bind "$1" /etc/hosts
mount --bind /dev/null /etc/resolv.conf
echo ready
cat >/dev/null
"""


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The start of a command line that runs a program in the namespaces."""
    hosts = tmp_path_factory.mktemp("namespace") / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {socket.gethostname()}\n{ADDRESS} {HOST}\n")
    own_user = [] if os.geteuid() == 0 else ["--map-root-user"]
    command: list[str | Path] = [
        "unshare",
        *own_user,
        "--mount",
        "--net",
        "bash",
        "-c",
        HOLD,
        "hold",
        hosts,
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        user = ["--user", "--preserve-credentials"] if own_user else []
        yield ["nsenter", f"--target={process.pid}", *user, "--mount", "--net"]


def flinksec(inside: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*inside, sys.executable, "-m", "flinksec_jobs", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.fixture(scope="module")
def directory(inside: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of a sandbox that runs in the foreground; ended by SIGTERM, in order."""
    box = tmp_path_factory.mktemp("elsewhere") / "box"
    up = ["up", "--foreground", "--host", HOST, "--bind", ADDRESS, "--well-known-ports"]
    command: list[str | Path] = [
        *inside,
        sys.executable,
        "-m",
        "flinksec_jobs",
        "sandbox",
        *up,
        "--dir",
        box,
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said: list[str] = []
        while not (said and said[-1].startswith("settings for a job")):
            said.append(process.stderr.readline())
            assert said[-1], said
        yield box
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert not (box / "sandbox.json").exists()
    shutil.rmtree(box)


@pytest.fixture(scope="module")
def ended(inside: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    """The flight job, which reads and writes at all servers by that name."""
    filled = flinksec(inside, "sandbox", "fill", "--dir", directory, "--rows", str(ROWS))
    assert filled.returncode == 0, filled.stderr
    return flinksec(inside, "run", JOB, "--settings", directory / "settings.toml")


def test_the_job_finds_every_server_by_its_name(
    ended: subprocess.CompletedProcess[str], directory: Path
) -> None:
    settings = (directory / "settings.toml").read_text()
    assert ended.returncode == 0, ended.stderr
    assert f"{HOST}:9093" in settings
    assert f"hdfs://{HOST}:8020" in settings
    assert f"https://{HOST}:9200" in settings
    assert "localhost" not in settings


def test_the_figures_are_those_of_a_plain_pass_and_other_ones_are_told(
    inside: list[str], ended: subprocess.CompletedProcess[str], directory: Path
) -> None:
    where = ("sandbox", "figures", "--dir", directory, "--json", "--rows")
    right = flinksec(inside, *where, str(ROWS))
    wrong = flinksec(inside, *where, str(ROWS - 1))
    assert right.returncode == 0, right.stdout
    assert len(json.loads(right.stdout)["checks"]) == 12
    assert wrong.returncode == 1
    assert [c["name"] for c in json.loads(wrong.stdout)["checks"] if not c["ok"]] != []


def test_every_server_listens_on_that_address_alone(inside: list[str], directory: Path) -> None:
    shown = subprocess.run(
        [*inside, "ss", "-Htln"], capture_output=True, text=True, check=True
    ).stdout
    lines = re.findall(r"LISTEN\s+\d+\s+\d+\s+(\S+):(\d+)\s", shown)
    listening = {int(port): address for address, port in lines}
    # The registry and the KMS run only where they are asked for.
    others = ("schema-registry", "kms")
    usual = {n: port for n, port in WELL_KNOWN.items() if not n.startswith(others)}
    own = {name: listening[port] for name, port in usual.items()}
    # Elasticsearch has no other node that would call it.
    assert own.pop("elasticsearch-transport") == "[::ffff:127.0.0.1]"
    assert {address.strip("[]").removeprefix("::ffff:") for address in own.values()} == {ADDRESS}


def test_what_is_handed_over_to_a_container_is_private_and_names_its_mounts(
    inside: list[str], directory: Path, tmp_path: Path
) -> None:
    target = tmp_path / "mounts"
    done = flinksec(inside, "sandbox", "hand-over", "--dir", directory, target)
    assert done.returncode == 0, done.stderr
    files = {str(p.relative_to(target)): p for p in target.rglob("*") if p.is_file()}
    assert files.keys() == {
        "ca/sandbox.pem",
        "elasticsearch/password",
        "job/settings.toml",
        "kerberos/flink.keytab",
        "krb5.conf",
        "state-keys/key-1",
        "state-keys/primary",
    }
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}
    assert str(directory) not in files["job/settings.toml"].read_text()
    assert f"kdc = {HOST}:10088" in files["krb5.conf"].read_text()
    again = flinksec(inside, "sandbox", "hand-over", "--dir", directory, target)
    assert again.returncode == 1
    assert "is not empty" in again.stderr
