# SPDX-License-Identifier: Apache-2.0
"""Kill `flinksec dead-letters replay` at each of its steps in turn, and let it end at last.

    replay_killed.py SETTINGS TOPIC TO

Each replay is a process of its own, which SIGKILL ends before or behind its first or its second
call of a method of the producer. Prints as JSON how each process ended; the last two
replays nobody kills.
"""

import json
import os
import signal
import sys
from typing import Any

from kafka import KafkaProducer

from flinksec_jobs.cli import main as flinksec
from flinksec_jobs.dead_letter_topics import replay

STEPS = (
    "init_transactions",
    "begin_transaction",
    "send",
    "flush",
    "send_offsets_to_transaction",
    "commit_transaction",
)


def kill_at(step: str, *, behind: bool, call: int) -> None:
    """Have SIGKILL end this process there."""
    method, calls = getattr(KafkaProducer, step), 0

    def deadly(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and not behind:
            os.kill(os.getpid(), signal.SIGKILL)
        result = method(*args, **more)
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(KafkaProducer, step, deadly)


def main() -> None:
    settings, topic, to = sys.argv[1:]
    replay._MOST_LETTERS = 20
    ways: list[tuple[str, bool, int] | None] = [
        (step, behind, call)
        for call in (1, 2)
        for step in STEPS
        for behind in (False, True)
        if not (step == "init_transactions" and call > 1)
    ]
    ended = []
    for way in [*ways, None, None]:
        child = os.fork()
        if child == 0:
            if way is not None:
                kill_at(way[0], behind=way[1], call=way[2])
            arguments = ["dead-letters", "replay", topic, "--to", to, "--settings", settings]
            sys.argv = ["flinksec", *arguments]
            os.dup2(2, 1)
            flinksec()
            os._exit(99)
        ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    sys.stdout.write(json.dumps(ended))


if __name__ == "__main__":
    main()
