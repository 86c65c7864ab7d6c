# SPDX-License-Identifier: Apache-2.0
"""The quickstart that `flinksec init` prints works as it is typed, in a fresh folder."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A new user's: a home of its own, and the command on PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "PATH": path}
    # The jars that this user has already: they are not what is tested here.
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    variables = os.environ | {"XDG_CACHE_HOME": cache} | own
    yield variables
    subprocess.run(["flinksec", "sandbox", "down"], env=variables, check=False)


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_every_command_of_a_new_jobs_readme_works_in_its_order(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    told = run("flinksec init hot-rooms", tmp_path, environment)
    folder = tmp_path / "hot-rooms"
    (block,) = re.findall(r"^```\n(.*?)^```$", (folder / "README.md").read_text(), re.M | re.S)
    commands = block.splitlines()
    assert commands[0].startswith("flinksec sandbox up")
    assert "README.md" in told
    said = {}
    for command in commands:
        said[command] = run(command, folder, environment)
    (documents,) = [said[command] for command in commands if "documents" in command]
    found = [json.loads(line) for line in documents.splitlines() if line.startswith("{")]
    assert sorted(one["id"] for one in found) == ["1", "3"]
    (made,) = [said[command] for command in commands if "sandbox topics" in command]
    assert made == "measurements: made\n"
