# SPDX-License-Identifier: Apache-2.0
"""One program answers many questions, and is let go of when it is of no more use."""

import gc
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.sandbox.kept_clients import KeptClients

# As org.flinksec.sandbox.Conversation: it echoes, counts, fails, dies.
PROGRAM = """
import base64, os, sys
read = open(0, encoding="utf-8", newline="\\n").readline
write = open(1, "w", encoding="utf-8", newline="\\n")
say = lambda line: (write.write(line + "\\n"), write.flush())
while question := read():
    what, *rest = [base64.b64decode(one).decode() for one in question.rstrip("\\n").split("\\t")]
    given = []
    while (line := read()) != ".\\n":
        given.append(line[1:-1])
    if what == "who":
        say(f":{os.getpid()}")
    if what == "echo":
        for one in [*rest, *given]:
            say(":" + one.replace("\\n", "\\n:"))
    if what == "die":
        sys.exit("an end\\nwith two lines")
    say("!no: it cannot" if what == "fail" else ".")
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("kept") / "program.py"
    path.write_text(PROGRAM)
    return [sys.executable, "-S", "-E", str(path)]


@pytest.fixture
def clients(program: list[str]) -> Iterator[KeptClients]:
    made = KeptClients(program)
    yield made
    made.end()


def ask(clients: KeptClients, *arguments: str) -> list[str]:
    return list(clients.ask(arguments, what="asking"))


def who(clients: KeptClients) -> int:
    return int(ask(clients, "who")[0])


def test_one_program_answers_all_questions(clients: KeptClients) -> None:
    assert who(clients) == who(clients)


@pytest.fixture(scope="module")
def echo(program: list[str]) -> Iterator[KeptClients]:
    made = KeptClients(program)
    yield made
    made.end()


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(TEXT), st.lists(TEXT))
def test_any_text_comes_through_in_questions_and_answers(
    echo: KeptClients, arguments: list[str], lines: list[str]
) -> None:
    answered: list[str] = []
    echo.tell(["echo", *arguments], lines, what="asking", answered=answered.append)
    assert answered == "\n".join([*arguments, *lines]).split("\n")[: len(answered)]
    assert len(answered) == sum(text.count("\n") + 1 for text in [*arguments, *lines])


def test_a_failure_is_told_and_the_program_answers_on(clients: KeptClients) -> None:
    before = who(clients)
    with pytest.raises(SandboxError, match="asking failed: no: it cannot"):
        ask(clients, "fail")
    with pytest.raises(SandboxError, match="asking failed: no: it cannot"):
        clients.tell(["fail"], ["a line"] * 100_000, what="asking")
    assert who(clients) == before


def test_a_program_that_dies_is_quoted_and_replaced(clients: KeptClients) -> None:
    before = who(clients)
    with pytest.raises(SandboxError, match="asking failed: an end\n  with two lines"):
        ask(clients, "die")
    killed = psutil.Process(now := who(clients))
    assert now != before
    killed.kill()
    while killed.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert who(clients) not in {now, before}


def test_questions_that_overlap_have_programs_of_their_own(clients: KeptClients) -> None:
    together = threading.Barrier(2)
    found = []

    def overlap() -> None:
        answer = clients.ask(["echo", "first", "second"], what="asking")
        assert next(answer) == "first"
        together.wait(30)
        assert list(answer) == ["second"]
        found.append(True)

    threads = [threading.Thread(target=overlap) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True, True]


def test_an_answer_that_is_not_wanted_to_its_end_is_in_nobodys_way(clients: KeptClients) -> None:
    before = who(clients)
    answer = clients.ask(["echo", "first", "second"], what="asking")
    assert next(answer) == "first"
    del answer
    gc.collect()
    assert not psutil.pid_exists(before)
    assert ask(clients, "echo", "third") == ["third"]


def test_lines_that_cannot_be_made_are_the_callers_failure(clients: KeptClients) -> None:
    def lines() -> Iterator[str]:
        yield "one"
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        clients.tell(["echo"], lines(), what="asking")
    assert ask(clients, "echo", "well") == ["well"]


def test_programs_end_with_what_has_asked_them(program: list[str], tmp_path: Path) -> None:
    forgotten, ended = KeptClients(program), KeptClients(program)
    processes = [who(forgotten), who(ended)]
    del forgotten
    gc.collect()
    ended.end()
    assert not any(map(psutil.pid_exists, processes))
    # And with its process, however that ends.
    asks = (
        "import os, sys; from flinksec_jobs.sandbox.kept_clients import KeptClients\n"
        f"clients = KeptClients({program!r})\n"
        "print(*clients.ask(['who'], what='asking'), flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    out = psutil.Popen([sys.executable, "-c", asks], stdout=-1, text=True).communicate()[0]
    psutil.wait_procs([psutil.Process(int(out))] if psutil.pid_exists(int(out)) else [], 30)
    assert not psutil.pid_exists(int(out))
