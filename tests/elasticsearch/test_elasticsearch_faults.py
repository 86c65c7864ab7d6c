# SPDX-License-Identifier: Apache-2.0
"""One job goes through the faults of Elasticsearch, one after the other, and does not fail once.

After each test all documents are in: with an id once, and the newest of each id (by its version;
of updates, which have none, but for those that were cut off); without one at least once. A local
run ends at its first failure, so the job that goes on has had none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from flinksec_jobs.certificates import pem
from tests.elasticsearch.numbered_documents import NumberedDocuments
from tests.elasticsearch.search_node import (
    Door,
    Fault,
    SearchNode,
    answer_is_lost,
    every_third_is_refused,
    expired_context,
    refused_with,
    request_is_lost,
    slow,
)
from tests.https_certificates import Issued, issued, server_context, written
from tests.kafka.wire import Proxy

DISK = "cluster.routing.allocation.disk"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchNode]:
    """Elasticsearch, for these tests alone."""
    started = SearchNode(tmp_path_factory.mktemp("search"))
    started.start()
    yield started
    started.go_on()
    started.kill()


@pytest.fixture(scope="module")
def way(node: SearchNode) -> Iterator[Proxy]:
    """The job's way to it."""
    proxy = Proxy(node.port)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def authority() -> Issued:
    """A CA that the job trusts, besides the node's."""
    return issued("the CA of the door", ca=True)


@pytest.fixture(scope="module")
def door(node: SearchNode, authority: Issued) -> Iterator[Door]:
    """Another way, which sees what passes."""
    made = Door(node, server_context(issued("localhost", authority, names=["localhost"])))
    yield made
    made.close()


@pytest.fixture(scope="module")
def started(
    node: SearchNode,
    way: Proxy,
    authority: Issued,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[NumberedDocuments]:
    """The job, which runs."""
    made = NumberedDocuments(node, way, tmp_path_factory.mktemp("job"))
    trust(made, authority)
    made.start()
    made.wait_for_checkpoints(1)
    yield made
    made.kill()


@pytest.fixture
def job(started: NumberedDocuments, way: Proxy, door: Door) -> Iterator[NumberedDocuments]:
    """The job, which has to run when the test is over, with everything in that was handed on.

    After a test that fails it is another run.
    """
    if not started.is_running:
        started.kill()
        door.fault = None
        through(way, started.node.port)
        way.accept()
        started.start()
        started.wait_for_checkpoints(1)
    started.wait_until_all_is_in("the start")
    started.forget_log()
    try:
        yield started
        started.wait_for_more(20)
        started.wait_until_all_is_in("the fault")
    except BaseException:
        started.kill()
        raise


def trust(job: NumberedDocuments, authority: Issued) -> None:
    """Have the job trust the node's CA and another."""
    written(job.ca_certs, job.node.ca_certs, pem(authority.certificate))


def through(way: Proxy, port: int) -> None:
    """Have the job come to another port from now on."""
    way.target = port
    way.cut()


def meet(
    job: NumberedDocuments,
    way: Proxy,
    door: Door,
    fault: Fault,
    seconds: float,
    told: str | None = None,
) -> None:
    """Have bulk requests meet a fault for some time, in which checkpoints complete.

    Its cause is told meanwhile: of one that was told a moment ago, the log says no more at once.
    """
    door.met = 0
    door.fault = fault
    through(way, door.port)
    try:
        begun = time.monotonic()
        job.wait_for_checkpoints(2)
        time.sleep(max(0, seconds - (time.monotonic() - begun)))
        job.wait_for("requests that meet it", lambda: door.met > 3)
        if told:
            job.assert_told(told)
    finally:
        door.fault = None
        through(way, job.node.port)


def test_a_server_that_is_held_and_then_goes_on(job: NumberedDocuments) -> None:
    job.node.hold()
    try:
        time.sleep(5)  # longer than response_timeout
        job.assert_told("no answer")
    finally:
        job.node.go_on()


def test_connections_that_are_cut_in_mid_request(job: NumberedDocuments, way: Proxy) -> None:
    before = way.cuts

    def are_cut() -> bool:
        way.cut()
        return way.cuts > before + 20 and "no answer" in job.log

    job.wait_for("twenty connections that are cut, as is told", are_cut)
    job.assert_told("no answer")


def test_requests_that_are_lost_on_their_way(
    job: NumberedDocuments, way: Proxy, door: Door
) -> None:
    meet(job, way, door, request_is_lost, 3)


def test_answers_that_are_lost_after_the_work_is_done_write_nothing_twice_by_id(
    job: NumberedDocuments, way: Proxy, door: Door
) -> None:
    meet(job, way, door, answer_is_lost, 3)


def test_single_documents_that_are_refused_for_now_while_checkpoints_complete(
    job: NumberedDocuments, way: Proxy, door: Door
) -> None:
    told = "status (429|503), es_rejected_execution_exception"
    meet(job, way, door, every_third_is_refused, 5, told)


@pytest.mark.parametrize("status", [429, 503])
def test_requests_that_are_refused_for_now_until_the_sink_is_full_while_checkpoints_complete(
    job: NumberedDocuments, way: Proxy, door: Door, status: int
) -> None:
    begun, before = time.monotonic(), job.handed_on()
    told = f"status {status}: es_rejected_execution_exception"
    meet(job, way, door, refused_with(status), 8, told)
    pace = (job.handed_on() - before) / (time.monotonic() - begun)
    assert pace < 60, "the source is held back: a hundred a second are usual"


def test_a_slow_server_holds_the_source_back_and_does_late_what_was_cut_off(
    job: NumberedDocuments, way: Proxy, door: Door
) -> None:
    meet(job, way, door, slow, 5)


def test_checkpoints_complete_while_all_nodes_are_away(job: NumberedDocuments, way: Proxy) -> None:
    way.refuse()
    try:
        time.sleep(3)  # the sink is full
        job.wait_for_checkpoints(4)
        job.assert_told("no answer: ")
    finally:
        way.accept()


def test_a_full_disk_is_waited_for_by_name(job: NumberedDocuments) -> None:
    client = job.client

    def full_at(share: str) -> None:
        marks = {f"{DISK}.watermark.{mark}": share for mark in ("low", "high", "flood_stage")}
        others = {f"{DISK}.threshold_enabled": True, "cluster.info.update.interval": "10s"}
        client.cluster.put_settings(persistent=marks | others)

    full_at("1%")
    try:
        job.wait_for("a block", lambda: "flood-stage" in job.log)
        job.wait_for_checkpoints(2)
        job.assert_told("cluster_block_exception: .*disk usage exceeded flood-stage watermark")
    finally:
        full_at("99%")  # it lifts the block by itself


def test_a_password_that_the_server_has_before_the_job(job: NumberedDocuments) -> None:
    job.node.change_password()
    job.wait_for("the refusal", lambda: "status 401" in job.log)
    job.wait_for_checkpoints(2)
    job.assert_told(r"refuses the credentials \(status 401\): elasticsearch.username 'flink' with")
    job.take_password()


def test_a_certificate_that_has_ended_is_sent_nothing_and_its_successor_is_taken(
    job: NumberedDocuments, node: SearchNode, way: Proxy, authority: Issued
) -> None:
    expired = Door(node, expired_context(authority))
    try:
        through(way, expired.port)
        job.wait_for("the refusal", lambda: "expired" in job.log)
        job.wait_for_checkpoints(2)
        job.assert_told("the certificate of .* is expired or not yet valid")
        assert expired.met == 0
    finally:
        through(way, node.port)
        expired.close()


def test_a_server_that_is_killed_and_comes_back_with_a_certificate_of_another_ca(
    job: NumberedDocuments, node: SearchNode, authority: Issued
) -> None:
    node.kill()
    node.renew_certificates()
    node.start()
    job.wait_for("the refusal", lambda: "leads to none of the authorities" in job.log)
    job.wait_for_checkpoints(2)
    job.assert_told(f"leads to none of the authorities in {job.ca_certs}")
    trust(job, authority)


def test_a_job_that_is_killed_while_it_sends_again_goes_on_with_another_parallelism(
    job: NumberedDocuments, way: Proxy, door: Door
) -> None:
    door.fault = every_third_is_refused
    through(way, door.port)
    job.wait_for_checkpoints(2)
    door.fault = refused_with(503)
    job.wait_for_checkpoints(3)
    job.kill()
    job.start(parallelism=2)  # the server still refuses
    job.wait_for_checkpoints(1)
    door.fault = None
    through(way, job.node.port)


def test_a_savepoint_in_the_middle_of_retries_has_what_is_not_in(
    job: NumberedDocuments, way: Proxy
) -> None:
    way.refuse()
    try:
        time.sleep(3)
        job.stop_with_savepoint()
    finally:
        way.accept()
    job.start()
    job.wait_for_checkpoints(1)


def test_in_the_end_each_document_is_in_and_nothing_of_one_was_logged(
    started: NumberedDocuments,
) -> None:
    last = started.end()
    started.wait_until_all_is_in("all faults", last)
    started.assert_quiet_about_documents()
