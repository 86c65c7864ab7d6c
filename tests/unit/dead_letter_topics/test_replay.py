# SPDX-License-Identifier: Apache-2.0
"""Which letters a replay sends, where, and what notes that they have gone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.cli.letters_shown import bar
from flinksec_jobs.dead_letter_topics import replay as replays
from flinksec_jobs.dead_letter_topics.letter import ERRORS, HOLDS, Letter
from flinksec_jobs.dead_letter_topics.replay import Gone, Replay, send, survey, to_go
from tests.unit.dead_letter_topics.test_letter import letter, said

LETTERS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["one", "two"]), st.integers(0, 2)),
    max_size=30,
)
JOBS = st.sets(st.sampled_from(["one", "two"]), min_size=1)


class Killed(BaseException):
    """As SIGKILL is: nothing of the program's own runs behind it."""


class Brokers:
    """A model of brokers: what is sent and noted counts from its commit on.

    It kills whoever uses it at the step of a number.
    """

    def __init__(self) -> None:
        self.arrived: list[Any] = []
        self.noted: dict[str, dict[int, int]] = {}
        self.steps_left: int | None = None
        self._open: list[Any] = []
        self._noting: dict[str, dict[int, int]] = {}

    def offsets(self, group: str) -> dict[int, int]:
        return dict(self.noted.get(group, {}))

    def _step(self) -> None:
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left < 0:
                raise Killed

    def begin_transaction(self) -> None:
        self._step()
        self._open, self._noting = [], {}

    def send(self, topic: str, **record: Any) -> Any:
        self._step()
        self._open.append((topic, record["value"]))
        return self

    def get(self, timeout: float) -> None:
        self._step()

    def flush(self) -> None:
        self._step()

    def send_offsets_to_transaction(self, offsets: dict[Any, Any], group: str) -> None:
        self._step()
        noting = self._noting.setdefault(group, {})
        noting |= {place.partition: at.offset for place, at in offsets.items()}

    def commit_transaction(self) -> None:
        self._step()
        self.arrived += self._open
        for group, offsets in self._noting.items():
            self.noted.setdefault(group, {}).update(offsets)
        self._step()  # committed, and nobody has been told

    def abort_transaction(self) -> None:
        self._open, self._noting = [], {}


def drawn_letters(drawn: list[tuple[str, str, int]]) -> list[Letter]:
    made = [
        letter(
            said(stage=stage, connector_name=job), offset=n, partition=partition, value=b"%d" % n
        )
        for n, (stage, job, partition) in enumerate(drawn)
    ]
    return sorted(made, key=lambda one: one.partition)  # as they are read


@given(LETTERS, st.sampled_from([None, "team", "one"]), st.data())
def test_any_replays_of_any_causes_and_jobs_killed_anywhere_send_each_letter_once_in_order(
    drawn: list[tuple[str, str, int]], prefix: str | None, data: st.DataObject
) -> None:
    letters = drawn_letters(drawn)
    made = Replay("dead", prefix)
    brokers = Brokers()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replays, "_MOST_LETTERS", 3)
        for _ in range(data.draw(st.integers(0, 5))):
            stages, jobs = data.draw(st.sets(st.sampled_from("ab"))), data.draw(JOBS)
            chosen = [one for one in letters if one.facts["stage"] in stages and one.job in jobs]
            most = data.draw(st.none() | st.integers(1, 9))
            brokers.steps_left = data.draw(st.none() | st.integers(0, 60))
            found = survey(chosen, made, Gone(made, brokers.offsets), most)
            left = list(to_go(chosen, made, Gone(made, brokers.offsets)))
            assert found.total == len(left[:most])
            assert found.before == len(chosen) - len(left)
            try:
                send(brokers, made, left[:most])
            except Killed:
                brokers.abort_transaction()
        brokers.steps_left = None
        gone = Gone(made, brokers.offsets)
        assert sum(send(brokers, made, to_go(letters, made, gone)).values()) == len(letters) - sum(
            gone.has(one) for one in letters
        )
    values = [int(value) for _, value in brokers.arrived]
    assert sorted(values) == list(range(len(letters)))
    for kind in {(stage, job, partition) for stage, job, partition in drawn}:
        of_kind = [number for number in values if drawn[number] == kind]
        assert of_kind == sorted(of_kind)


def test_a_replay_holds_no_more_letters_than_a_transaction_sends() -> None:
    held: list[int] = []
    brokers = Brokers()

    def stream() -> Any:
        for number in range(2_000):
            held.append(number - len(brokers.arrived))
            yield letter(said(), offset=number)

    sent = send(brokers, Replay("dead"), stream())
    assert sent == {"orders": 2_000}
    assert max(held) == 500


def test_a_replay_tells_how_many_have_gone_after_each_transaction_and_not_before() -> None:
    brokers = Brokers()
    told: list[tuple[int, int]] = []
    stream = (letter(said(), offset=number) for number in range(1_100))
    send(brokers, Replay("dead"), stream, lambda done: told.append((done, len(brokers.arrived))))
    assert told == [(500, 500), (1_000, 1_000), (1_100, 1_100)]


def test_where_there_is_no_terminal_progress_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: seconds[0])
    with bar("sent", 40) as advance:
        for done in range(1, 41):
            seconds[0] += 1
            advance(done)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [f"letters sent: {done} of 40" for done in (10, 20, 30, 40)]


def test_what_has_gone_is_asked_once_for_each_cause_and_job() -> None:
    asked: list[str] = []

    def offsets(group: str) -> dict[int, int]:
        asked.append(group)
        return {0: 3}

    gone = Gone(Replay("dead"), offsets)
    assert [gone.has(letter(said(), offset=n)) for n in range(5)] == [True] * 3 + [False] * 2
    assert len(asked) == 1
    element = letter([*said(), (HOLDS, b"element")])
    assert not gone.has(element)
    assert len(asked) == 1


def test_a_survey_tells_where_the_first_letters_lie_and_where_they_go() -> None:
    made = Replay("dead")
    letters = [letter(said(partition=str(n % 3)), offset=n, partition=n % 2) for n in range(8)]
    found = survey(letters, made, Gone(made, lambda _: {0: 3}))
    assert (found.to_go, found.partitions, found.before) == ({"orders": 6}, {"orders": 2}, 2)
    assert found.firsts == {0: 4, 1: 1}
    assert found.jobs == {"flink-orders"}


def test_a_letter_goes_to_its_old_topic_and_partition_or_where_it_is_sent() -> None:
    assert Replay("dead").destination(letter(said())) == ("orders", 3)
    assert Replay("dead", to="else").destination(letter(said())) == ("else", None)
    assert Replay("dead").destination(letter([])) is None


def test_what_notes_a_replay_begins_with_the_name_of_the_job_or_the_prefix() -> None:
    one = letter(said())
    other = letter(said(connector_name="another"))
    made = Replay("dead")
    assert made.transactional_id("flink-orders") == "flink-orders:dead:replay"
    assert made.group(one) == f"flink-orders:dead:replay:{one.cause.id}"
    assert Replay("dead", "flink-orders").group(one) == made.group(one)
    assert Replay("dead", to="to").group(one) != made.group(one)
    team = Replay("dead", "team")
    assert team.transactional_id("flink-orders") == "team:dead:replay"
    assert team.group(one).startswith("team:dead:replay:")
    assert team.group(one) != team.group(other)
    assert ERRORS + "connector.name" in dict(said())
