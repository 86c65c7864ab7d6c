# SPDX-License-Identifier: Apache-2.0
"""What the log of a job says: its dated lines, and the stack traces between them."""

import re
from collections import Counter

# What no log may say of records that are there.
ALARMS = ("data loss", "potentially lost", "are lost", " ERROR ", "fenced")
# Parts of Flink and of Kafka's clients meet one cause in other places and wrap it in other
# exceptions, and each such failure is written whole once.
FORMS = 8
# A job that was killed and started again, as another process, writes each once more.
PROCESSES = 2
# A size, or one that stands alone; what names a partition or a server is another cause.
_NUMBER = re.compile(
    r"(?<![\w.-])\d+(?:\.\d+)? ?[KMGTP]?B\b|(?<![\w.-])\d+|\d+(?= ?ms\b)"
    r"|/\S*/\.\S+\.inprogress\.[0-9a-f-]+"
)
_PLACE = re.compile(r":\d+\)( ~?\[[^]]*\])?$", re.MULTILINE)
_DATED = re.compile(r"^(?=\d{4}-\d\d-\d\d )", re.MULTILINE)


def lines_about(log: str, *parts: str) -> list[str]:
    """The lines of a log, without stack traces, that have one of some parts."""
    dated = [line for line in log.splitlines() if re.match(r"\d{4}-\d\d-\d\d ", line)]
    return [line for line in dated if any(part in line for part in parts)]


def whole_failures(log: str) -> Counter[str]:
    """How many stack traces end with each cause, its numbers left out."""
    found: Counter[str] = Counter()
    for block in _DATED.split(log):
        heads = [line for line in block.splitlines()[1:] if re.match(r"(Caused by: )?\w+\.", line)]
        if heads:
            found[_NUMBER.sub("#", heads[-1])] += 1
    return found


def causes_of_failed_tasks(log: str) -> list[str]:
    """What made tasks fail, as far as their stack traces were written whole."""
    failed = [block for block in _DATED.split(log) if " to FAILED" in block.partition("\n")[0]]
    return [line for block in failed for line in block.splitlines()[1:] if ": " in line]


def traces(log: str) -> Counter[str]:
    """How often each stack trace is there, its numbers left out."""
    blocks = [block.partition("\n")[2] for block in _DATED.split(log)]
    found = [block for block in blocks if re.search(r"^\tat ", block, re.MULTILINE)]
    return Counter(_NUMBER.sub("#", _PLACE.sub(")", block)) for block in found)


def assert_causes_are_told_once(log: str) -> None:
    """No cause fills a log with its stack traces, however often the job starts again."""
    again = [trace for trace, n in traces(log).items() if n > PROCESSES]
    assert not again, again[0]
    often = {cause: n for cause, n in whole_failures(log).items() if n > FORMS}
    assert not often, often
