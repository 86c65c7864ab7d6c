# SPDX-License-Identifier: Apache-2.0
"""The API server through the client: what is asked, and what its answers become."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from kubernetes import client

from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.kube_errors import (
    ConflictError,
    ForbiddenError,
    InvalidObjectError,
    KubeError,
    KubeUnreachableError,
)
from flinksec_jobs.deploy.outside import ApiServer, Ref

TOKEN = "a-token-that-nobody-may-see"
MAP = Ref("v1", "ConfigMap", "flinksec-record")
JOB = Ref("batch/v1", "Job", "flink-jobmanager")


class Server(ThreadingHTTPServer):
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, str, Any]] = []
        self.answers: list[tuple[int, Any]] = []
        self.raw: list[bytes] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        self.server.raw.append(raw)
        body = json.loads(raw) if length else None
        kind = self.headers.get("Content-Type") or ""
        self.server.asked.append((self.command, self.path, kind, body))
        status, content = self.server.answers.pop(0)
        data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def kube(server: Server, slept: list[float]) -> Kube:
    settings = client.Configuration(host=f"http://127.0.0.1:{server.server_port}")
    settings.api_key = {"authorization": f"Bearer {TOKEN}"}
    settings.retries = False
    api = client.ApiClient(settings)
    time = iter(range(10_000))
    return Kube(api, "flights", patience=20, clock=lambda: next(time), sleep=slept.append)


def refusal(status: int, message: str) -> tuple[int, Any]:
    return status, {"kind": "Status", "code": status, "message": message}


def test_it_is_what_the_steps_ask_for(kube: Kube) -> None:
    outside: ApiServer = kube
    assert outside.namespace == "flights"


def test_an_object_is_asked_for_by_its_path(kube: Kube, server: Server) -> None:
    server.answers = [(200, {"kind": "Job"}), refusal(404, "not found")]
    assert kube.get(JOB) == {"kind": "Job"}
    assert kube.get(MAP) is None
    assert [one[1] for one in server.asked] == [
        "/apis/batch/v1/namespaces/flights/jobs/flink-jobmanager",
        "/api/v1/namespaces/flights/configmaps/flinksec-record",
    ]


@pytest.mark.parametrize("name", ["x/../y", "", "Flights", "рейсы", "a" * 64, "-a", "a b", "a\n"])
def test_a_namespace_that_cannot_be_is_refused_before_anything_is_asked(name: str) -> None:
    with pytest.raises(InvalidObjectError, match="not the name of a namespace"):
        Kube(None, name)


def test_a_name_of_another_alphabet_stays_one_part_of_the_path(kube: Kube, server: Server) -> None:
    server.answers = [refusal(404, "not found")] * 2
    assert kube.get(Ref("v1", "ConfigMap", "рейсы")) is None
    assert kube.get(Ref("v1", "ConfigMap", "../secrets/x?a=b")) is None
    start = "/api/v1/namespaces/flights/configmaps/"
    assert [one[1] for one in server.asked] == [
        f"{start}%D1%80%D0%B5%D0%B9%D1%81%D1%8B",
        f"{start}..%2Fsecrets%2Fx%3Fa%3Db",
    ]


def test_objects_are_applied_server_side_and_a_dry_run_says_so(kube: Kube, server: Server) -> None:
    content = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flinksec-record"}}
    server.answers = [(200, content), (200, content)]
    kube.apply(content)
    kube.apply(content, dry_run=True)
    (method, path, kind, body), (_, dry, _, _) = server.asked
    assert (method, kind, body) == ("PATCH", "application/apply-patch+yaml; charset=utf-8", content)
    assert path.endswith("/flinksec-record?fieldManager=flinksec&force=true")
    assert dry.endswith("&dryRun=All")


def test_a_delete_names_the_uid_and_waits_for_what_it_owns(kube: Kube, server: Server) -> None:
    server.answers = [(200, {}), refusal(404, "gone"), refusal(409, "the UID is another")]
    kube.delete(JOB, uid="u-1")
    kube.delete(JOB)
    body = server.asked[0][3]
    assert body["preconditions"] == {"uid": "u-1"}
    assert body["propagationPolicy"] == "Foreground"
    with pytest.raises(ConflictError, match="the UID is another"):
        kube.delete(JOB, uid="u-2")


def test_items_of_a_list_say_what_they_are(kube: Kube, server: Server) -> None:
    server.answers = [(200, {"items": [{"metadata": {"name": "a"}}]})]
    found = kube.list("v1", "Pod", {"app": "flink"})
    assert found == [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}]
    assert server.asked[0][1] == "/api/v1/namespaces/flights/pods?labelSelector=app%3Dflink"


def test_a_refusal_names_who_may_not_do_what_and_no_token(kube: Kube, server: Server) -> None:
    said = 'jobs.batch "x" is forbidden: User "eve" cannot delete resource "jobs"'
    server.answers = [refusal(403, said), refusal(401, "Unauthorized"), refusal(422, "bad field")]
    with pytest.raises(ForbiddenError, match='User "eve" cannot delete') as caught:
        kube.delete(JOB)
    with pytest.raises(ForbiddenError, match="does not take this login"):
        kube.get(JOB)
    with pytest.raises(InvalidObjectError, match="bad field"):
        kube.get(JOB)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 415, 422, 501])
def test_every_refusal_is_told_as_the_server_says_it_and_with_a_way_out(
    kube: Kube, server: Server, status: int
) -> None:
    server.answers = [refusal(status, "as it says")]
    with pytest.raises(KubeError, match="as it says") as caught:
        kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}})
    assert caught.value.hint


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_gets_no_answer_is_asked_again_with_longer_waits(
    kube: Kube, server: Server, slept: list[float], status: int
) -> None:
    server.answers = [refusal(status, "not now"), refusal(status, "not now"), (200, {"a": 1})]
    assert kube.get(JOB) == {"a": 1}
    assert slept == [0.5, 1.0]


def test_patience_ends(server: Server, slept: list[float]) -> None:
    server.shutdown()
    server.server_close()
    settings = client.Configuration(host=f"http://127.0.0.1:{server.server_port}")
    settings.retries = False
    time = iter(range(0, 1000, 5))
    kube = Kube(
        client.ApiClient(settings),
        "flights",
        patience=20,
        clock=lambda: next(time),
        sleep=slept.append,
    )
    with pytest.raises(KubeUnreachableError, match="does not answer"):
        kube.get(JOB)
    assert slept


def test_an_unknown_kind_is_looked_up_once(kube: Kube, server: Server) -> None:
    listed = {
        "resources": [
            {"name": "podmonitors", "kind": "PodMonitor", "namespaced": True},
            {"name": "podmonitors/status", "kind": "PodMonitor", "namespaced": True},
        ]
    }
    server.answers = [(200, listed), (200, {}), (200, {})]
    what = Ref("monitoring.coreos.com/v1", "PodMonitor", "flink")
    kube.get(what)
    kube.get(what)
    path = "/apis/monitoring.coreos.com/v1/namespaces/flights/podmonitors/flink"
    assert [one[1] for one in server.asked] == ["/apis/monitoring.coreos.com/v1", path, path]


def test_a_kind_that_the_cluster_does_not_have_is_an_error(kube: Kube, server: Server) -> None:
    server.answers = [(200, {"resources": []})]
    with pytest.raises(InvalidObjectError, match="no kind PodMonitor"):
        kube.get(Ref("monitoring.coreos.com/v1", "PodMonitor", "flink"))


def test_the_api_server_says_what_the_account_may_do(kube: Kube, server: Server) -> None:
    server.answers = [
        (201, {"status": {"allowed": True}}),
        (201, {"status": {}}),
        (201, {"status": {"userInfo": {"username": "system:serviceaccount:flights:deployer"}}}),
    ]
    assert kube.may("delete", JOB)
    assert not kube.may("patch", Ref("v1", "Namespace", "flights"))
    assert kube.who() == "system:serviceaccount:flights:deployer"
    asked = [one[3]["spec"]["resourceAttributes"] for one in server.asked[:2]]
    assert asked[0] == {
        "verb": "delete",
        "group": "batch",
        "resource": "jobs",
        "name": "flink-jobmanager",
        "namespace": "flights",
    }
    assert "namespace" not in asked[1]


def test_logs_are_text_and_a_pod_that_is_gone_has_none(kube: Kube, server: Server) -> None:
    server.answers = [(200, "line 1\nline 2\n"), refusal(404, "gone")]
    assert kube.logs("p", container="jobmanager", lines=2) == "line 1\nline 2\n"
    assert kube.logs("p") == ""
    assert server.asked[0][1].endswith("/pods/p/log?tailLines=2&container=jobmanager")


def test_a_character_outside_the_bmp_is_applied_as_it_is(kube: Kube, server: Server) -> None:
    content = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"a": "🚀"},
    }
    server.answers = [(200, content)] * 2
    kube.apply(content)
    kube.create(content)
    assert [one[3] for one in server.asked] == [content, content]
    assert "🚀".encode() in server.raw[0]


def test_a_log_of_one_line_of_json_stays_as_it_is(kube: Kube, server: Server) -> None:
    line = '{"well": true, "a":  null}\n'
    server.answers = [(200, line), (200, "null")]
    assert kube.logs("p") == line
    assert kube.logs("p") == "null"
