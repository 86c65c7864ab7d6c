# SPDX-License-Identifier: Apache-2.0
"""An exception of a job's function is told with its place, in both modes, and nothing around it.

The texts are what PyFlink 2.2.1 reports, shortened.
"""

import os
import sysconfig
from pathlib import Path

import pytest

from flinksec_jobs.runtime import python_errors
from flinksec_jobs.runtime.python_errors import Frame

SITE = sysconfig.get_path("purelib")
BEAM = f'''Error received from SDK harness for instruction 1: Traceback (most recent call last):
  File "{SITE}/apache_beam/runners/worker/sdk_worker.py", line 311, in _execute
    response = task()
               ^^^^^^
  File "apache_beam/runners/worker/operations.py", line 569, in apache_beam.runners.worker.output
  File "pyflink/fn_execution/beam/beam_operations_fast.pyx", line 69, in pyflink.x.has_next
  File "{SITE}/pyflink/datastream/data_stream.py", line 311, in process_element
    yield self._map_func(value)
          ^^^^^^^^^^^^^^^^^^^^^
  File "/jobs/job.py", line 11, in grow
    return helper(n)
           ^^^^^^^^^
  File "/jobs/job.py", line 7, in helper
    return n.amount
           ^^^^^^^^
'''
FRAMES = [
    Frame("/jobs/job.py", 7, "helper"),
    Frame("/jobs/job.py", 11, "grow"),
    Frame(f"{SITE}/pyflink/datastream/data_stream.py", 311, "process_element"),
]
PLACES = "\n  at /jobs/job.py:7, in helper\n  at /jobs/job.py:11, in grow"


def test_in_thread_mode_the_exception_is_told_with_the_functions_own_lines() -> None:
    told = python_errors.of_thread_mode("<class 'AttributeError'>: no 'amount'", FRAMES)
    assert told == "AttributeError: no 'amount'" + PLACES


def test_in_process_mode_it_is_told_likewise() -> None:
    told = python_errors.of_process_mode(BEAM + "AttributeError: no 'amount'\n")
    assert told == "AttributeError: no 'amount'" + PLACES


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("<class '__main__.MyError'>: a\nb", "MyError: a\nb"),
        ("<class 'my.own.module.MyError'>: ", "MyError"),
        ("<class 'job.<locals>.MyError'>: x", "MyError: x"),
        ("<class 'KeyError'>: '<class 'x'>: y'", "KeyError: '<class 'x'>: y'"),
    ],
)
def test_names_and_texts_of_exceptions_are_kept(raised: str, told: str) -> None:
    assert python_errors.of_thread_mode(raised, FRAMES) == told + PLACES


def test_in_process_mode_a_text_of_several_lines_is_kept() -> None:
    told = python_errors.of_process_mode(BEAM + "my.module.MyError: a\nb: c\n")
    assert told == "MyError: a\nb: c" + PLACES


def test_of_chained_exceptions_the_last_is_told() -> None:
    chained = (
        BEAM
        + "KeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\n"
        + 'Traceback (most recent call last):\n  File "/jobs/job.py", line 3, in last\n'
        + "    raise ValueError\nValueError\n"
    )
    assert python_errors.of_process_mode(chained) == "ValueError\n  at /jobs/job.py:3, in last"


def test_what_a_library_raises_is_told_with_both_places() -> None:
    inner = Frame(f"{SITE}/numpy/core.py", 5, "add")
    told = python_errors.of_thread_mode("<class 'TypeError'>: x", [inner, *FRAMES])
    assert told == f"TypeError: x\n  raised in {SITE}/numpy/core.py:5, in add{PLACES}"
    library = Frame(f"{Path(os.__file__).parent}/json/decoder.py", 355, "raw_decode")
    told = python_errors.of_thread_mode("<class 'TypeError'>: x", [library, *FRAMES])
    assert told.startswith("TypeError: x\n  raised in ")


@pytest.mark.parametrize("directory", ["/srv/me/pyflink", "/src/flinksec_jobs/jobs"])
def test_a_job_in_a_directory_that_is_called_like_a_package_is_the_user_s(directory: str) -> None:
    frame = Frame(f"{directory}/job.py", 7, "f")
    told = python_errors.of_thread_mode("<class 'KeyError'>: x", [frame, *FRAMES[2:]])
    assert told == f"KeyError: x\n  at {directory}/job.py:7, in f"
    zipped = Frame("/opt/flink/opt/python/pyflink.zip/pyflink/datastream/data_stream.py", 3, "g")
    told = python_errors.of_thread_mode("<class 'KeyError'>: x", [zipped, frame])
    assert told.endswith(f"\n  at {directory}/job.py:7, in f")
    assert " at /opt" not in told


def test_where_this_library_refused_a_value_is_not_told() -> None:
    ours = Frame(f"{python_errors._OURS}/records/values.py", 115, "_text")
    told = python_errors.of_thread_mode("<class 'x.RecordValueError'>: a", [ours, *FRAMES])
    assert told == "RecordValueError: a" + PLACES


def test_where_no_function_of_the_user_is_it_is_told_what_went_wrong() -> None:
    told = python_errors.of_thread_mode("<class 'AssertionError'>: ", FRAMES[2:])
    assert told == (
        "the result of a Python function cannot be taken as its output type says, or its input "
        "cannot be given to it: AssertionError"
    )


def test_what_a_function_returned_is_told_by_its_name_alone() -> None:
    told = python_errors.of_thread_mode("<class 'x.RecordValueError'>: the function f", FRAMES[2:])
    assert told == "the function f"


def test_a_function_that_nobody_could_look_at_is_told_as_what_it_is() -> None:
    said = f"f (/jobs/job.py:1) has not returned for 3 s {python_errors.HUNG}\n  it keeps the lock"
    assert python_errors.of_thread_mode(said, []) == said


def test_a_deep_recursion_is_told_in_a_few_lines() -> None:
    deep = [Frame("/jobs/job.py", 4, "again")] * 900
    told = python_errors.of_thread_mode("<class 'RecursionError'>: too deep", deep)
    assert told.splitlines() == [
        "RecursionError: too deep",
        *["  at /jobs/job.py:4, in again"] * 5,
    ]


def test_a_java_exception_without_python_in_it_is_none_of_these() -> None:
    assert python_errors.of_process_mode("disk full") is None
    assert python_errors.java_frame("org.example.A", "A.java", 1, "b") is None
    assert python_errors.java_frame("org.example.A", None, -1, "b") is None


def test_pemjas_way_of_writing_a_path_is_undone() -> None:
    frame = python_errors.java_frame("/jobs/of.me/a job", "a job.py", 7, "helper")
    assert frame == Frame("/jobs/of.me/a job.py", 7, "helper")
