# SPDX-License-Identifier: Apache-2.0
"""The commands that try an example job in the sandbox make all that the job reads and writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flinksec_jobs.cli import main
from flinksec_jobs.demo.demo import TOPICS

JOBS = Path(__file__).parents[3] / "jobs"
# A topic in a program, in SQL, and in settings.
NAMED = re.compile(
    r"(?:from_kafka|to_kafka)\(\s*\"([^\"]+)\"|'topic' = '([^']+)'|^dead_letters = \"([^\"]+)\"",
    re.MULTILINE,
)
SETTINGS = sorted(JOBS.glob("*.toml"))


def commands(settings: Path) -> list[str]:
    """The commands in the comment at the head of a job's settings."""
    lines = (line.partition("#   ") for line in settings.read_text().splitlines())
    return [command for before, mark, command in lines if mark and not before]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda path: path.stem)
def test_every_topic_of_an_example_is_made_before_it_runs(settings: Path) -> None:
    listed = commands(settings)
    made = {
        word
        for command in listed
        if command.startswith("flinksec sandbox topics ")
        for word in command.split()[3:]
    }
    if any(command.startswith("flinksec sandbox fill") for command in listed):
        made |= set(TOPICS)
    run = re.findall(r"flinksec run jobs/(\S+)", "\n".join(listed))
    assert any(Path(name).stem == settings.stem for name in run)
    programs = [(JOBS / name).read_text() for name in run]
    wanted = {
        name
        for text in (*programs, settings.read_text())
        for found in NAMED.findall(text)
        for name in found
        if name
    }
    assert wanted
    assert wanted <= made


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda path: path.stem)
def test_the_commands_are_ones_of_flinksec(settings: Path) -> None:
    for command in re.findall(r"flinksec ([a-z-]+)(?: ([a-z]+))?", "\n".join(commands(settings))):
        group = main.get_command(None, command[0])  # type: ignore[arg-type]
        assert group is not None, command
        if command[0] == "sandbox":
            assert command[1] in group.commands  # type: ignore[attr-defined]
