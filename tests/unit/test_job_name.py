# SPDX-License-Identifier: Apache-2.0
"""Names of jobs and what is derived from them: one to one."""

import unicodedata
import uuid

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from flinksec_jobs import SecureJob, job_name, state
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime.local import LocalRun
from flinksec_jobs.sealed.format import stored_name
from flinksec_jobs.settings import KafkaSettings, Settings, StateSettings, load_settings

TOPICS = st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True)


def usable(name: str) -> str | None:
    try:
        return job_name.checked(name)
    except FlinkSecError:
        return None


NAMES = st.text(min_size=1, max_size=300).filter(usable)


@given(NAMES, NAMES)
@example("заказы", "日次")
@example("a b", "a-b")
@example("a/b", "a-b")
@example("..", ".")
@example("a" * 201, "a" * 202)
@example("é" * 100, "é" * 101)
@example("job", "Job")
def test_two_names_never_share_a_directory_or_a_log(one: str, other: str) -> None:
    one, other = job_name.checked(one), job_name.checked(other)
    assume(one != other)
    assert job_name.file_name(one) != job_name.file_name(other)
    assert LocalRun(one, {}).log_file != LocalRun(other, {}).log_file


@given(NAMES)
@example("." * 255)
@example("☃" * 255)
def test_a_directory_stays_below_that_of_the_state_and_has_a_name_that_fits(name: str) -> None:
    file = job_name.file_name(job_name.checked(name))
    assert "/" not in file
    assert file not in {"", ".", ".."}
    assert file.isascii()
    assert len(f"{file}.log.99") <= 255


@given(st.from_regex(r"[A-Za-z0-9._-]{1,150}", fullmatch=True).filter(usable))
def test_a_plain_name_is_its_own_directory(name: str) -> None:
    assume(set(name) != {"."})
    assert job_name.file_name(name) == name


def test_a_file_of_a_job_with_the_longest_plain_name_is_bound_to_its_directory() -> None:
    longest = "a" * 150
    assert job_name.file_name(longest) == longest
    assert len(job_name.file_name(f"{longest}a")) < 150
    run, file = "f" * 32, str(uuid.UUID(int=0))
    for inner in (f"chk-{10**18}/{file}", f"shared/{file}", f"taskowned/{file}"):
        stored = stored_name(f"/mnt/state/{longest}/{run}/{inner}")
        assert stored.endswith(f"{longest}/{run}/{inner}")


def test_other_names_stay_readable() -> None:
    assert job_name.file_name("late flights") == "late-flights~02be09ac28d99132c03cfd95162cc91f"
    assert job_name.file_name("a b").startswith("a-b~")
    assert job_name.file_name("заказы").startswith("~")


def test_one_look_is_one_name_in_whichever_normal_form_it_was_typed() -> None:
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    assert composed != decomposed
    empty = Settings()
    assert SecureJob(composed, settings=empty).name == SecureJob(decomposed, settings=empty).name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "has 0 characters"),
        (" a", "begins or ends with a blank"),
        ("a\u3000", "begins or ends with a blank"),
        ("a\nb", "U+000A"),
        ("a\x00b", "U+0000"),
        ("a\x7fb", "U+007F"),
        ("a\u202eb", "U+202E"),
        ("a\u200bb", "U+200B"),
        ("a\ud800b", "U+D800"),
        ("a\u2028b", "U+2028"),
        ("a" * 256, "256 characters"),
        ("savepoints", "a directory of Flink's own"),
        ("high-availability", "a directory of Flink's own"),
        ("chk-7", "a directory of Flink's own"),
        ("shared", "a directory of Flink's own"),
        (None, "is no text"),
        (7, "is no text"),
        (b"job", "is no text"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_when_the_job_is_made(name: str, why: str) -> None:
    with pytest.raises(FlinkSecError) as caught:
        SecureJob(name, settings=Settings())
    assert why in caught.value.message
    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()


# What the sinks of all jobs differ in: prefix, job, topic, cluster, number.
SINKS = st.tuples(
    st.none() | st.text(st.characters(exclude_characters=":"), min_size=1, max_size=6),
    NAMES,
    TOPICS,
    st.none() | st.from_regex(r"[a-z][a-z0-9]{0,3}", fullmatch=True),
    st.integers(1, 12),
)


def prefix_of(sink: tuple[str | None, str, str, str | None, int]) -> str:
    prefix, job, topic, cluster, number = sink
    return job_name.transactional_id_prefix(job, topic, number, prefix=prefix, cluster=cluster)


@given(SINKS, SINKS)
@example((None, "a", "b-c", None, 1), (None, "a-b", "c", None, 1))
@example((None, "a", "t", None, 1), (None, "a:t", "t", None, 1))
@example((None, "a", "t", None, 1), ("a", "t", "t", None, 1))
@example((None, "a/b", "t", None, 1), ("a", "b", "t", None, 1))
@example(("a/b", "c", "t", None, 1), ("a", "b/c", "t", None, 1))
@example((None, "a%3A", "t", None, 1), (None, "a:", "t", None, 1))
@example((None, "a", "t", None, 1), (None, "a", "t", None, 12))
@example((None, "a", "t", "east", 1), (None, "a", "t", "e", 1))
@example((None, "a", "t", None, 1), (None, "a", "t2", None, 1))
def test_no_sink_has_another_s_transactional_ids_nor_aborts_them_by_their_beginning(
    one: tuple[str | None, str, str, str | None, int],
    other: tuple[str | None, str, str, str | None, int],
) -> None:
    assume(one != other)
    # Flink adds "-SUBTASK-COUNTER", and compares beginnings where it lists transactions.
    assert not prefix_of(one).startswith(prefix_of(other))
    assert not prefix_of(other).startswith(prefix_of(one))


def test_a_transactional_id_can_be_read() -> None:
    assert prefix_of((None, "job", "alerts", None, 1)) == "job:alerts:"
    assert prefix_of(("team", "job", "alerts", "east", 2)) == "team/job:alerts@east#2:"


@given(NAMES)
def test_a_consumer_group_is_the_jobs_name_as_it_is(name: str) -> None:
    job = SecureJob(name, settings=Settings())
    kafka = KafkaSettings(bootstrap_servers=("a:1",), security_protocol="SSL")
    assert (kafka.group_id or job.name) == job_name.checked(name)


def test_the_directory_of_state_is_made_of_that_name() -> None:
    given = {"directory": "/mnt/state", "sealed": False}
    kept = load_settings(overrides={"state": given}, environ={}).need(StateSettings)
    assert state.job_directory(kept, "orders") == "file:///mnt/state/orders"
    assert state.job_directory(kept, "заказы") != state.job_directory(kept, "日次")
