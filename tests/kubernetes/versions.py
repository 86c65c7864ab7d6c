# SPDX-License-Identifier: Apache-2.0
"""Later versions of the flight job, each an image with another program on top of the job's own.

Run as a program, it builds them: the image of the job must be there.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.kubernetes.deployment import JOB_IMAGE

_PROGRAM = Path(__file__).parents[2] / "jobs" / "flight_delays.py"
_IN_IMAGE = "/opt/job/flight_delays.py"

# One more operator, with state of its own, beside all that was there.
_COUNTED = """
class Counted(KeyedProcessFunction):  # type: ignore[misc]
    def open(self, runtime_context: RuntimeContext) -> None:
        self._count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))

    def process_element(
        self, late: Departure, _ctx: KeyedProcessFunction.Context
    ) -> Iterator[int]:
        count = (self._count.value() or 0) + 1
        self._count.update(count)
        if count % 100 == 0:
            yield count


def main() -> None:"""
_ITS_STREAM = """        by_origin = key_by_field(late, "origin")
        fast(by_origin).process(Counted(), Types.LONG()).uid("counted").print()


if __name__ =="""
_DELAY = "    return max(0, min(flight.dep_delay or 0, previous[1]))"


@dataclass(frozen=True)
class Next:
    """A later version.

    Attributes:
        image: what it is called.
        changes: what stands in the program, and what in its place.
    """

    image: str
    changes: tuple[tuple[str, str], ...]

    @property
    def program(self) -> str:
        """The text of its program."""
        text = _PROGRAM.read_text()
        for old, new in self.changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text


def _named(name: str, *changes: tuple[str, str]) -> Next:
    return Next(JOB_IMAGE.replace(":latest", f":{name}"), changes)


_BETTER = (
    # The same figures by another function.
    (_DELAY, "    return sorted((0, flight.dep_delay or 0, previous[1]))[1]"),
    ("def main() -> None:", _COUNTED.lstrip("\n")),
    ("\n\nif __name__ ==", f"\n{_ITS_STREAM}"),
)
BETTER = _named("better", *_BETTER)
"""A changed function, and one more operator."""

_OPENED = """\
        self._previous = runtime_context.get_state(
"""
CRASHES = _named(
    "crashes",
    (_OPENED, f"        raise RuntimeError('this version cannot do it')\n{_OPENED}"),
    *_BETTER,
)
"""Like it, but that its tasks fail when they start."""

DROPS = _named(
    "drops",
    (
        "process(LateDepartures(), row_type(Departure))",
        'process(LateDepartures(), row_type(Departure)).uid("late-2")',
    ),
)
"""Has its state under another name, so that what was kept would be lost."""

ALL = (BETTER, CRASHES, DROPS)


def build() -> None:
    """Build all of them."""
    for version in ALL:
        with tempfile.TemporaryDirectory() as directory:
            context = Path(directory)
            (context / "flight_delays.py").write_text(version.program)
            (context / "Dockerfile").write_text(
                f"FROM {JOB_IMAGE}\nCOPY --chmod=0644 flight_delays.py {_IN_IMAGE}\n"
            )
            command = ["buildah", "build", "--quiet", "--tag", version.image, directory]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    build()
