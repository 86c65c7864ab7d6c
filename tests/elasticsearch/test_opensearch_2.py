# SPDX-License-Identifier: Apache-2.0
"""A real OpenSearch 2, without its plugin of security: plain HTTP on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flinksec_jobs import elasticsearch
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.settings import Settings, load_settings
from tests.elasticsearch.setup_life import check_life, check_no_lifecycles
from tests.tls.judges import Jvm, by_preflight, by_python, by_sink

SOURCE = Path(__file__).with_name("OpenSearch.java")


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in taken]


@pytest.fixture(scope="module")
def opensearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a job that uses it."""
    home = os.environ.get("JAVA_HOME")
    where = f"{home}/bin" if home else None
    java, javac = shutil.which("java", path=where), shutil.which("javac", path=where)
    assert java, "no java in JAVA_HOME or on PATH"
    assert javac, "no javac in JAVA_HOME or on PATH"
    directory = tmp_path_factory.mktemp("opensearch")
    jars = [*artifacts.jars("opensearch-2"), *artifacts.jars("opensearch-2-log")]
    path = os.pathsep.join(map(str, jars))
    compiling = ["--release", "17", "-proc:none", "-cp", path, "-d", directory, SOURCE]
    subprocess.run([javac, *map(str, compiling)], check=True)
    ports = free_ports(2)
    command = [java, "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
               "-cp", f"{directory}{os.pathsep}{path}",
               SOURCE.stem, directory / "home", *ports]  # fmt: skip
    with subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        try:
            assert any(line.strip() == "READY" for line in process.stdout), "it ended"
            section = {"hosts": [f"http://127.0.0.1:{ports[0]}"], "verification": "none"}
            yield load_settings(overrides={"elasticsearch": section}, environ={})
        finally:
            process.kill()


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jvm]:
    """The JVM of the sink's client."""
    running = Jvm(tmp_path_factory.mktemp("judges"))
    yield running
    running.close()


def test_preflight_sink_and_elastics_client_take_it_for_what_it_is(
    java: Jvm, opensearch: Settings
) -> None:
    assert by_preflight(java, opensearch) == ""
    assert by_sink(java, opensearch) == ""
    assert by_python(java, opensearch) == ""
    with elasticsearch.client(opensearch) as client:
        assert client.info()["version"]["distribution"] == "opensearch"
        client.indices.refresh(index="any")
        assert client.count(index="any")["count"] == 2
        client.index(index="any", id="1", document={"n": 1}, refresh=True)
        assert client.get(index="any", id="1")["_source"] == {"n": 1}
        assert client.delete(index="any", id="1")["result"] == "deleted"


def test_its_nodes_are_asked_for_as_elasticsearchs_are(java: Jvm, opensearch: Settings) -> None:
    found = opensearch.elasticsearch
    assert found is not None
    sniffing = opensearch.model_copy(
        update={"elasticsearch": found.model_copy(update={"sniff": True})}
    )
    assert by_sink(java, sniffing) == ""
    assert java.tell("again", {}) == ""
    assert by_python(java, sniffing) == ""


def test_what_files_plan_is_made_compared_and_changed(opensearch: Settings, tmp_path: Path) -> None:
    with elasticsearch.client(opensearch) as client:
        check_life(client, tmp_path, makes_streams=True)
        check_no_lifecycles(client, tmp_path, "OpenSearch has no lifecycles")


def test_scripts_change_documents_and_a_wrong_one_is_told_without_values(
    java: Jvm, opensearch: Settings
) -> None:
    options = elasticsearch.connection_options(opensearch)
    adds = options | {"script": "ctx._source.n += params.doc.n", "document": '{"n":2}'}
    with elasticsearch.client(opensearch) as client:
        for _ in range(3):  # The first one is the document itself.
            assert java.tell("sink", adds) == ""
        assert client.get(index="any", id="1")["_source"] == {"n": 6}
        source = "ctx._source.last = params.doc.n"
        client.put_script(id="notes", script={"lang": "painless", "source": source})
        stored = options | {"stored_script": "notes", "document": '{"n":7}'}
        assert java.tell("sink", stored) == ""
        assert client.get(index="any", id="1")["_source"] == {"n": 6, "last": 7}
    wrong = options | {"script": "ctx._source.n = params.no.n", "document": '{"n":"CANARY"}'}
    told = java.tell("sink", wrong)
    assert "does not take documents for index 'any': status 400, illegal_argument_exception" in told
    assert "CANARY" not in told
