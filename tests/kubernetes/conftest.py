# SPDX-License-Identifier: Apache-2.0
"""One node, one sandbox outside of it and one deployment, for all tests of a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.issue import CLIENTS, Making, Services
from flinksec_jobs.manifests import render
from tests.faults.volume import Volume
from tests.kubernetes import overlay, proxy, versions
from tests.kubernetes.deployment import IMAGES, ROWS, Deployment
from tests.kubernetes.minikube import Minikube
from tests.kubernetes.node import store
from tests.kubernetes.node.node import Node
from tests.kubernetes.outside import HOST, Outside
from tests.kubernetes.story import Story, tell
from tests.manifests.documents import read

NETWORK = "10.99.86"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ask last about what takes long."""
    late = ("test_minikube", "test_flight_job_on_a_node", "test_life_of_a_job")
    items.sort(key=lambda item: late.index(item.path.stem) if item.path.stem in late else -1)


@pytest.fixture(scope="session", autouse=True)
def early(request: pytest.FixtureRequest) -> None:
    """Begin with what takes long, if a test asks for it."""
    if any("story" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("beginning")


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
    directory = os.environ.get("KUBERNETES_PROGRAMS")
    if directory is None or os.geteuid() != 0:
        pytest.fail("these tests are run by: make test-kubernetes, as root")
    return Path(directory)


@pytest.fixture(scope="session")
def volume(work: Path) -> Iterator[Volume]:
    """The state volume, which pods may write as any user of group 0."""
    directory = work / "export"
    directory.mkdir()
    mounted = Volume(directory)
    mounted.behind.chmod(0o2770)
    yield mounted
    mounted.close()


@pytest.fixture(scope="session")
def machine(work: Path, programs: Path, volume: Volume) -> Iterator[Node]:
    """The node with nothing on it yet; it takes along what is mounted when it starts."""
    directory = work / "node"
    directory.mkdir()
    # `programs` lies in the cache.
    images = (*IMAGES, *(version.image for version in versions.ALL))
    store.copy(store.with_images(programs.parent / "images", images), directory / "containerd")
    node = Node(directory, programs, NETWORK, {HOST: f"{NETWORK}.1"})
    try:
        node.machine.start()
        yield node
    finally:
        node.stop()


@pytest.fixture(scope="session")
def servers(machine: Node, work: Path) -> Iterator[Outside]:
    """The sandbox's servers at the other end of the node's cable, on their way."""
    with Outside(work / "outside", machine.machine.outer_address) as starting:
        yield starting


@pytest.fixture(scope="session")
def node(machine: Node, servers: Outside) -> Node:
    """A cluster of one node, started while those servers do."""
    machine.start()
    return machine


@pytest.fixture(scope="session")
def outside(node: Node, servers: Outside) -> Outside:
    """The servers, with flights in Kafka."""
    servers.wait()
    servers.fill(ROWS)
    return servers


@pytest.fixture(scope="session")
def rendered(node: Node, outside: Outside, work: Path, volume: Volume) -> Deployment:
    """The overlay for this node, not applied yet."""
    handed = work / "handed"
    outside.hand_over(handed)
    directory = overlay.write(
        work / "overlay", handed, node.machine.outer_address, node.machine.address, volume.path
    )
    objects = read(render(directory))
    objects.sort(key=lambda each: each["kind"] != "Namespace")
    return Deployment(objects, volume, handed, proxy.make_files(handed / "proxy"))


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
    clients = (*CLIENTS, "proxy")
    # Smaller keys than by default: they are made quicker.
    services, making = Services(overlay.NAMESPACE), Making(key_bits=2048)
    create(certificates, Request(services=services, clients=clients, making=making))
    _secret(node, "flink-internal-tls", certificates / "internal")
    _secret(node, "flink-rest-tls", certificates / "rest")
    _secret(node, "flink-deployer-rest-client", certificates / "deployer")
    _secret(node, "flink-proxy-rest-client", certificates / "proxy")
    _secret(node, "flink-proxy-tls", rendered.proxy.tls)
    _secret(node, "flink-proxy-users", rendered.proxy.users)
    return overlay.NAMESPACE


def _secret(node: Node, name: str, folder: Path) -> None:
    files = [f"--from-file={path}" for path in sorted(folder.iterdir()) if path.is_file()]
    node.kubectl("-n", overlay.NAMESPACE, "create", "secret", "generic", name, *files)


@pytest.fixture(scope="session")
def minikube(node: Node, work: Path) -> Iterator[Minikube]:
    """The script for minikube, which deploys the job and its servers while others wait."""
    script = Minikube(node, work / "minikube")
    yield script
    script.stop()


@pytest.fixture(scope="session")
def beginning(
    node: Node,
    minikube: Minikube,  # begins before it
    outside: Outside,
    rendered: Deployment,
    namespace: str,
    work: Path,
) -> Iterator[Future[Story]]:
    """What happens to the flight job, while other tests go on."""
    with ThreadPoolExecutor(max_workers=1) as narrator:
        begun = narrator.submit(tell, node, outside, rendered, work, minikube.deployed)
        yield begun
        if not begun.done():
            node.kubectl.ended.set()  # the run was interrupted
    if kept := os.environ.get("KEEP_LOGS"):
        shutil.copytree(work / "pods", Path(kept) / "pods", dirs_exist_ok=True)


@pytest.fixture(scope="session")
def story(beginning: Future[Story]) -> Story:
    """What has happened to it."""
    return beginning.result()
