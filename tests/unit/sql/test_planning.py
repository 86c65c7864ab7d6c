# SPDX-License-Identifier: Apache-2.0
"""What Flink says against a statement is told with what it is about."""

from __future__ import annotations

import pytest

from flinksec_jobs.sql.planning import _told
from flinksec_jobs.sql.statements import statements
from flinksec_jobs.sql.tokens import Text

# As Flink's configuration wraps them; it leaves out the value of an option that may be a secret.
OPTION = "scan.bounded.timestamp-millis"
OF_OPTIONS = [
    (
        f"java.lang.IllegalArgumentException: Could not parse value 'abc' for key '{OPTION}'.",
        OPTION,
    ),
    ("Could not parse value 'it's' for key 'sink.parallelism'.", "sink.parallelism"),
    ("Could not parse value for key 'x.password'.", "x.password"),
]


@pytest.mark.parametrize(("trace", "option"), OF_OPTIONS)
def test_a_value_that_cannot_be_read_is_told_with_its_option(trace: str, option: str) -> None:
    (statement,) = statements(Text("job.sql", "INSERT INTO b SELECT a FROM c"))
    message = 'java.lang.NumberFormatException: For input string: "abc"'
    told = _told(statement, message, f"{trace}\nCaused by: {message}")
    assert told.message == (
        f"job.sql:1:1: INSERT INTO b: option '{option}': For input string: \"abc\""
    )


def test_an_option_that_the_message_names_is_not_named_twice() -> None:
    (statement,) = statements(Text("job.sql", "INSERT INTO b SELECT a FROM c"))
    message = OF_OPTIONS[0][0]
    assert _told(statement, message, message).message.count(OPTION) == 1
