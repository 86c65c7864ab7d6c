# SPDX-License-Identifier: Apache-2.0
"""Everything that Flink answers to GET, asked of a live job through the proxy."""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyflink
import pytest

from tests.patience import PATIENCE
from tests.proxy.live_job import LiveJob, running_job
from tests.proxy.table import line_for, lines

_JAR = next((Path(pyflink.__file__).parent / "lib").glob("flink-dist-*.jar"))
# What must not come through, as this test has it beside the table itself.
_REFUSED = re.compile(
    r"yarn-|jar|dataset|triggerid|execution-result"
    r"|log|stdout|thread-dump|profiler|flamegraph|environment|jobmanager/config"
    r"|^/jobs/:jobid/accumulators|attempts/:attempt/accumulators"
)
_WEB_CONTENT = "/:*"


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveJob]:
    with running_job(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture(scope="module")
def ids(job: LiveJob) -> dict[str, str]:
    """A real id for each parameter of a path; of what does not exist one of the right form."""
    vertex = job.tell(f"/jobs/{job.id}")["vertices"][0]["id"]
    checkpoint = job.tell(f"/jobs/{job.id}/checkpoints")["latest"]["completed"]["id"]
    return {
        "jobid": job.id,
        "vertexid": vertex,
        "taskmanagerid": job.tell("/taskmanagers")["taskmanagers"][0]["id"],
        "checkpointid": str(checkpoint),
        "subtaskindex": "0",
        "attempt": "0",
        "triggerid": "0123456789abcdef" * 2,
        "filename": "flink.log",
        "jarid": "job.jar",
        "datasetid": "0123456789abcdef" * 2,
    }


def _filled(url: str, ids: dict[str, str]) -> str:
    return re.sub(r":(\w+)", lambda match: ids[match[1]], url)


def _gets(job: LiveJob) -> list[str]:
    return sorted(url for method, url in job.known if method == "GET" and url != _WEB_CONTENT)


def test_the_classes_of_flinks_jar_are_all_that_its_server_has_registered(job: LiveJob) -> None:
    assert job.served <= job.known
    assert len(_gets(job)) > 60
    assert {"/jobs/:jobid/yarn-cancel", "/jobs/:jobid/yarn-stop"} <= set(_gets(job))


def test_each_get_of_this_flink_is_decided_in_the_table(job: LiveJob, ids: dict[str, str]) -> None:
    undecided = [url for url in _gets(job) if line_for(_filled(url, ids)) is None]
    assert undecided == []
    decided = {line_for(_filled(url, ids)) for url in _gets(job)}
    decided |= {line_for(path) for path in _web_files()}
    assert [line for line in lines() if line not in decided] == []  # no line is for nothing


def test_what_acts_and_what_tells_too_much_is_refused(job: LiveJob, ids: dict[str, str]) -> None:
    for url in _gets(job):
        line = line_for(_filled(url, ids))
        assert line
        assert line[1] is (_REFUSED.search(url) is None), url


def test_no_get_through_the_proxy_changes_the_job(job: LiveJob, ids: dict[str, str]) -> None:
    before = job.state
    assert before["state"] == (job.id, "RUNNING")
    statuses = {}
    for url in _gets(job):
        path = _filled(url, ids)
        for asked in (path, f"/v1{path}", f"{path}?mode=cancel", f"{path}/"):
            statuses[asked] = job.proxy.ask(path=asked).status
    time.sleep(0.5)  # cancelling takes a moment
    assert job.state == before
    for url in _gets(job):
        path, line = _filled(url, ids), line_for(_filled(url, ids))
        wanted = 200 if line and line[1] else 403
        assert (path, statuses[path], statuses[f"/v1{path}"]) == (path, wanted, wanted)
        assert statuses[f"{path}/"] == 403


def test_all_other_methods_are_refused(job: LiveJob, ids: dict[str, str]) -> None:
    before = job.state
    others = [(method, url) for method, url in job.known if method != "GET"]
    ids = ids | {"operatorUid": "x"}
    assert len(others) > 10
    for method, url in others:
        assert job.proxy.ask(method, path=_filled(url, ids), body=b"{}").status == 403, url
    assert job.state == before


def _web_files() -> list[str]:
    with zipfile.ZipFile(_JAR) as jar:
        names = [name.removeprefix("web") for name in jar.namelist() if name.startswith("web/")]
    return ["/", *(name for name in names if not name.endswith("/"))]


def test_every_file_of_the_web_ui_is_let_through() -> None:
    files = _web_files()
    assert len(files) > 150
    assert [path for path in files if not (line_for(path) or ("", False))[1]] == []


def test_the_web_ui_comes_as_flink_has_it(job: LiveJob) -> None:
    page = job.proxy.ask(path="/")
    assert page.status == 200
    script = re.search(rb'src="(main\.\w+\.js)"', page.read())
    assert script
    path = f"/{script[1].decode()}"
    assert job.proxy.ask(path=path).read() == job.ask(path)


def test_past_the_proxy_a_get_cancels_the_job_although_the_button_is_hidden(job: LiveJob) -> None:
    """Why there is a list of paths, and who holds the client certificate holds everything."""
    assert not job.tell("/config")["features"]["web-cancel"]
    assert json.loads(job.ask(f"/jobs/{job.id}/yarn-cancel")) == {}
    deadline = time.monotonic() + PATIENCE
    while job.tell(f"/jobs/{job.id}")["state"] != "CANCELED":
        assert time.monotonic() < deadline
        time.sleep(0.2)
