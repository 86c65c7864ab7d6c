# SPDX-License-Identifier: Apache-2.0
"""Jobs whose functions run record by record, as PyFlink runs them, and in batches; no servers.

Writes one line of JSON: what came out, by the parts that are asked for.
"""

import contextlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.servers.programs import (
    ends_and_fallbacks,
    goes_on,
    guarded_and_expiring,
    states_and_timers,
    whole_batches,
)
from tests.servers.programs.hanging_functions import hanging


def documented(example: Path) -> str:
    """What the example of the documentation prints."""
    code = example.read_text()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, str(example), "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def parts(directory: Path) -> dict[str, Callable[[], Any]]:
    """All there are."""
    return {
        "compared": states_and_timers.compared,
        "documented": lambda: [documented(each) for each in sorted(directory.glob("example*.py"))],
        "many keys": states_and_timers.many_keys,
        "lone": lambda: states_and_timers.lone(directory / "lone-came"),
        "endings": ends_and_fallbacks.endings,
        "shared": ends_and_fallbacks.shared,
        "fallbacks": ends_and_fallbacks.fallbacks,
        "hashmap": lambda: goes_on.restored(directory, "hashmap"),
        "rocksdb": lambda: goes_on.restored(directory, "rocksdb"),
        "unaligned": lambda: goes_on.restored(directory, "hashmap", unaligned=True),
        "guarded": lambda: {
            str(most): guarded_and_expiring.guarded(most, directory) for most in (3, 1000)
        },
        "collected": guarded_and_expiring.collected,
        "expiring": guarded_and_expiring.expiring,
        "hanging": lambda: hanging(directory),
        **whole_batches.PARTS,
    }


if __name__ == "__main__":
    place = Path(sys.argv[1])
    there = parts(place)
    came = {name: there[name]() for name in sys.argv[2:] or there}
    (place / "came.json").write_text(json.dumps(came))
