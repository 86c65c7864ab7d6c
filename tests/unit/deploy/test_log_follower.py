# SPDX-License-Identifier: Apache-2.0
"""A log that is followed has every line once, wherever its connections end."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.deploy import log_follower
from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.kube_answers import unreachable
from flinksec_jobs.deploy.kube_errors import InvalidObjectError
from flinksec_jobs.deploy.log_follower import LogOfPod, followed
from flinksec_jobs.deploy.pods import PodLook
from tests.certificates import authority, signed, write_cert_manager
from tests.unit.deploy.bad_server import BadServer


class Log:
    """A log as a kubelet sends it, over connections that end after so many lines.

    Args:
        lines: each with its time before it.
        cuts: after how many lines a connection ends; the last goes to the end.
    """

    def __init__(self, lines: Sequence[str], cuts: Sequence[int] = ()) -> None:
        self.lines, self.cuts = list(lines), list(cuts)
        self.asked: list[str] = []

    def log_lines(self, pod: str, *, container: str, lines: int, since: str) -> Iterator[str]:
        self.asked.append(since)
        begin = max(0, len(self.lines) - lines)
        if since:
            whole = since.removesuffix("Z")
            later = (at for at, line in enumerate(self.lines) if line[: len(whole)] >= whole)
            begin = next(later, len(self.lines))
        left = self.lines[begin:]
        yield from left[: self.cuts.pop(0)] if self.cuts else left


def at(milliseconds: int, text: str) -> str:
    return f"2026-11-30T08:00:{milliseconds // 1000:02}.{milliseconds % 1000:03}Z {text}"


@given(
    st.lists(st.tuples(st.integers(0, 700), st.sampled_from("ab")), max_size=40),
    st.lists(st.integers(0, 12), max_size=12),
)
def test_each_line_comes_once_wherever_connections_end(
    written: list[tuple[int, str]], cuts: list[int]
) -> None:
    time, lines = 0, []
    for later, text in written:
        time += later
        lines.append(at(time, text))
    source, log = Log(lines, cuts), LogOfPod("p", "jobmanager", 1000)
    found: list[str] = []
    for _ in range(len(cuts) + 1):
        found += log.new(source)
    assert found == [text for _, text in written]


def test_two_lines_that_are_the_same_at_the_same_time_are_two() -> None:
    source = Log([at(100, "a"), at(200, "b"), at(200, "b"), at(200, "b"), at(300, "c")], [3])
    log = LogOfPod("p", "jobmanager", 100)
    assert [*log.new(source), *log.new(source)] == ["a", "b", "b", "b", "c"]
    assert source.asked == ["", "2026-11-30T08:00:00Z"]


def pod(name: str, *, has_ended: bool = False) -> PodLook:
    return PodLook(name, "jobmanager", "Running", has_ended, True, 0, "", "", None, "")


def pause(_: float) -> None:
    threading.Event().wait(0.01)


def test_pods_that_come_later_are_followed_and_it_ends_with_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_follower, "_LOOK_SECONDS", 0.1)
    logs = {"one": Log([at(1, "a")]), "two": Log([at(2, "b")])}
    looks = [
        [pod("one")],
        [pod("one", has_ended=True), pod("two")],
        [pod("one", has_ended=True), pod("two", has_ended=True)],
    ]

    class Source:
        def log_lines(self, pod: str, *, container: str, lines: int, since: str) -> Iterator[str]:
            return logs[pod].log_lines(pod, container=container, lines=lines, since=since)

    def look() -> list[PodLook]:
        return looks.pop(0) if len(looks) > 1 else looks[0]

    found = followed(Source(), look, 10, print, sleep=pause)
    assert sorted(found) == [("one", "a"), ("two", "b")]


def test_an_api_server_that_is_away_is_told_once_and_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_follower, "_LOOK_SECONDS", 0.1)
    told: list[str] = []
    errors = [unreachable("gone"), unreachable("gone"), InvalidObjectError("it has not started")]
    log, state = Log([at(1, "a")]), [False]

    class Source:
        def log_lines(self, pod: str, *, container: str, lines: int, since: str) -> Iterator[str]:
            if errors:
                raise errors.pop(0)
            state[0] = True
            return log.log_lines(pod, container=container, lines=lines, since=since)

    found = followed(
        Source(),
        lambda: [pod("one", has_ended=state[0])],
        10,
        told.append,
        sleep=pause,
    )
    assert list(found) == [("one", "a")]
    assert [one.partition(";")[0] for one in told] == [
        "one: the API server does not answer: gone",
        "one: it has not started",
    ]


def test_a_stream_of_the_api_server_that_ends_in_a_line_gives_whole_ones_alone(
    tmp_path: Path,
) -> None:
    ca = authority()
    files = write_cert_manager(tmp_path / "server", signed(ca), ca.certificate)
    server = BadServer(files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        kube = Kube(server.client(files / "ca.crt"), "flights", timeouts=(5.0, 0.5))
        for does in ("streams", "resets"):
            server.does.append(does)
        found = list(kube.log_lines("p", container="jobmanager", lines=7, since=""))
        assert found == ["2026-11-30T08:00:00.1Z one", "2026-11-30T08:00:00.2Z two"]
        server.does[:] = ["hangs"]
        with pytest.raises(type(unreachable(""))):
            list(kube.log_lines("p", container="jobmanager", lines=7, since="2026-11-30T08:00:00Z"))
    finally:
        server.close()
    first, second = server.paths
    assert first == (
        "/api/v1/namespaces/flights/pods/p/log?follow=true&timestamps=true&container=jobmanager"
        "&tailLines=7"
    )
    assert second.endswith("&sinceTime=2026-11-30T08%3A00%3A00Z")
