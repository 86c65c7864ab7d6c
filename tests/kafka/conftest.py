# SPDX-License-Identifier: Apache-2.0
"""One cluster of three brokers for all tests of faults, and jobs that go through them.

Most faults meet one and the same job, one after the other. A test that fails has its job killed and
the brokers mended, so that the next begins with another job.
"""

import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.jvms import quick_jvms
from tests.kafka.administrator import Administrator
from tests.kafka.brokers import Brokers
from tests.kafka.copies import Copy
from tests.kafka.logs import assert_causes_are_told_once
from tests.kafka.way_to_kdc import WayToKdc

CopyOf = Callable[..., Copy]
Story = Callable[[CopyOf, Administrator], None]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A KDC and certificates."""
    with quick_jvms("1g"):
        directory = tmp_path_factory.mktemp("sandbox") / "box"
        with Sandbox(directory, only=[]) as box:
            yield box


@pytest.fixture(scope="session")
def kdc(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WayToKdc]:
    """The jobs' way to the KDC."""
    way = WayToKdc(sandbox, tmp_path_factory.mktemp("kdc"))
    yield way
    way.close()


@pytest.fixture(scope="session")
def cluster(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """The three brokers."""
    with Brokers(sandbox, tmp_path_factory.mktemp("brokers")) as running:
        yield running


@pytest.fixture(scope="session")
def administrator(sandbox: Sandbox, cluster: Brokers) -> Iterator[Administrator]:
    """The brokers' superuser."""
    with pytest.MonkeyPatch.context() as patch:
        # It would tell the JVM in passing, over a connection whose thread knows no Kafka.
        patch.setattr("py4j.java_gateway._garbage_collect_object", lambda *_: None)
        client = Administrator(sandbox, cluster)
        yield client
        client.close()


@pytest.fixture
def brokers(cluster: Brokers, administrator: Administrator, kdc: WayToKdc) -> Iterator[Brokers]:
    """The three brokers, all up, in sync and reachable when the test has ended."""
    yield cluster
    kdc.open()
    cluster.mend()
    administrator.wait_until_in_sync()


@pytest.fixture(scope="session")
def copies(
    cluster: Brokers,
    administrator: Administrator,
    kdc: WayToKdc,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[CopyOf]:
    """Make copying jobs by name; what still runs at the end is killed."""
    made: list[Copy] = []

    def make(name: str, **options: Any) -> Copy:
        directory = tmp_path_factory.mktemp(name)
        made.append(Copy(cluster, administrator, kdc, directory, name, **options))
        return made[-1]

    yield make
    for one in made:
        one.kill()


@pytest.fixture(scope="session")
def traveller(
    cluster: Brokers,
    administrator: Administrator,
    kdc: WayToKdc,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[], Copy]]:
    """Return the job that goes through all faults, or another if it has not come out of one."""
    made: list[Copy] = []

    def running() -> Copy:
        if not made or not made[-1].is_running:
            directory = tmp_path_factory.mktemp("traveller")
            name = f"traveller-{len(made)}"
            made.append(Copy(cluster, administrator, kdc, directory, name, partitions=3))
            made[-1].start()
        return made[-1]

    yield running
    for one in made:
        one.kill()


@pytest.fixture
def copy(traveller: Callable[[], Copy], brokers: Brokers) -> Iterator[Copy]:
    """A job that runs; the test fails unless each number is written once at the end, and the log
    tells of each cause once."""
    one = traveller()
    try:
        one.produce_and_see("the start")
        one.forget_log()
        yield one
        if one.process is not None:
            one.produce_and_see("the fault")
            one.assert_each_once()
            assert_causes_are_told_once(one.log)
    except BaseException:
        one.kill()
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Kill the job of a test that has failed, as who knows what it is about."""
    report = yield
    one = getattr(item, "funcargs", {}).get("copy")
    if isinstance(one, Copy) and report.failed:
        one.kill()
    return report


def side_by_side(story: Story) -> Callable[..., None]:
    """Make a test of a story that mostly waits for JVMs: all begin together, before the others.

    The brokers are well then, and a story does nothing to them.
    """

    def test(stories: dict[Story, "Future[None]"]) -> None:
        stories[story].result()

    test.__name__ = story.__name__
    test.__doc__ = story.__doc__
    test.__dict__["story"] = story
    return test


def story_of(item: pytest.Item) -> Story | None:
    """The story of a test, if it is one that goes beside others."""
    return getattr(getattr(item, "function", None), "story", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have all stories told before anything is done to the brokers."""
    items.sort(key=lambda item: story_of(item) is None)


@pytest.fixture(scope="session")
def stories(
    request: pytest.FixtureRequest, copies: CopyOf, administrator: Administrator
) -> Iterator[dict[Story, "Future[None]"]]:
    """Begin the stories that were asked for, and tell how each ended."""
    wanted = [story for story in map(story_of, request.session.items) if story is not None]
    with ThreadPoolExecutor(max_workers=1 + (os.cpu_count() or 1)) as pool:
        yield {story: pool.submit(story, copies, administrator) for story in wanted}
