# SPDX-License-Identifier: Apache-2.0
"""One node, one sandbox outside of it and one deployment, for all tests of a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.deploy.certs.create import Request, create
from flinksec_jobs.deploy.certs.issue import Services
from flinksec_jobs.deploy.manifests import render
from tests.kubernetes import overlay
from tests.kubernetes.node.node import Node
from tests.kubernetes.outside import HOST, Outside
from tests.manifests.documents import read

NETWORK = "10.99.86"
ROWS = 20000


@dataclass(frozen=True)
class Deployment:
    """What is deployed: the objects as rendered, and where their state is.

    Attributes:
        objects: all of them, the namespace first.
        volume: the directory that stands for the NFS export.
        handed: the sandbox's files, laid out as mounts.
    """

    objects: list[dict[str, Any]]
    volume: Path
    handed: Path


@pytest.fixture(scope="session")
def work() -> Iterator[Path]:
    """A directory on a disk: overlays of containers cannot lie on a tmpfs everywhere."""
    directory = Path(tempfile.mkdtemp(prefix="flinksec-kubernetes-", dir="/var/tmp"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def programs() -> Path:
    """The built programs."""
    directory = os.environ.get("FLINKSEC_KUBERNETES_PROGRAMS")
    if directory is None or os.geteuid() != 0:
        pytest.fail("these tests are run by: make test-kubernetes, as root")
    return Path(directory)


@pytest.fixture(scope="session")
def node(work: Path, programs: Path) -> Iterator[Node]:
    """A cluster of one node."""
    directory = work / "node"
    directory.mkdir()
    started = Node(directory, programs, NETWORK, {HOST: f"{NETWORK}.1"})
    try:
        started.start()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def outside(node: Node, work: Path) -> Iterator[Outside]:
    """The sandbox's servers at the other end of the node's cable, with flights in Kafka."""
    with Outside(work / "outside", node.machine.outer_address) as servers:
        servers.fill(ROWS)
        yield servers


@pytest.fixture(scope="session")
def rendered(node: Node, outside: Outside, work: Path) -> Deployment:
    """The overlay for this node, not applied yet."""
    handed, volume = work / "handed", work / "volume"
    outside.hand_over(handed)
    volume.mkdir()
    volume.chmod(0o2770)
    directory = overlay.write(
        work / "overlay", handed, node.machine.outer_address, node.machine.address, volume
    )
    objects = read(render(directory))
    objects.sort(key=lambda each: each["kind"] != "Namespace")
    return Deployment(objects, volume, handed)


@pytest.fixture(scope="session")
def namespace(node: Node, rendered: Deployment) -> str:
    """The job's namespace with all that is rendered but the workloads, and with its Secrets."""
    workloads = {"Job", "StatefulSet", "Deployment"}
    node.kubectl.apply(*[each for each in rendered.objects if each["kind"] not in workloads])
    for name, folder in {
        "flink-keytab": "kerberos",
        "flink-state-keys": "state-keys",
        "service-cas": "ca",
        "elasticsearch-credentials": "elasticsearch",
    }.items():
        _secret(node, name, rendered.handed / folder)
    certificates = rendered.handed / "tls"
    create(certificates, Request(services=Services(overlay.NAMESPACE)))
    _secret(node, "flink-internal-tls", certificates / "internal")
    _secret(node, "flink-rest-tls", certificates / "rest")
    _secret(node, "flink-deployer-rest-client", certificates / "deployer")
    return overlay.NAMESPACE


def _secret(node: Node, name: str, folder: Path) -> None:
    files = [f"--from-file={path}" for path in sorted(folder.iterdir()) if path.is_file()]
    node.kubectl("-n", overlay.NAMESPACE, "create", "secret", "generic", name, *files)
