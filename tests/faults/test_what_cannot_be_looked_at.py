# SPDX-License-Identifier: Apache-2.0
"""A volume that fails where it is looked at: no command takes it for empty, nor does Flink."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flinksec_jobs.cli import main
from flinksec_jobs.sealed import KeyRing, SealedWriter
from tests.faults.java import Jvm
from tests.faults.rules import Rule
from tests.faults.volume import Volume

ERRORS = ("EIO", "ESTALE", "EACCES")
# How a file is hidden: its directory is not listed, or it cannot itself be looked at or read.
HIDDEN = {
    "readdir": "/state/b/chk-2",
    "getattr": "/state/b/chk-2/_metadata",
    "open-only": "/state/b/chk-2/_metadata",
    "read": "/state/b/chk-2/_metadata",
}


def state(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["state", *map(str, arguments)])


def filled(volume: Volume, ring: KeyRing) -> Path:
    for name in ("a/chk-1", "b/chk-2"):
        directory = volume.path / "state" / name
        directory.mkdir(parents=True)
        with SealedWriter(directory / "_metadata", ring) as writer:
            writer.write(b"state")
    return volume.path / "state"


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("op", HIDDEN)
def test_no_command_takes_an_error_of_the_volume_for_no_file(
    volume: Volume, tmp_path: Path, op: str, error: str
) -> None:
    ring = KeyRing.create(tmp_path / "ring", "k1")
    top = filled(volume, ring)
    ring.add("k2")
    assert state("rekey", "--keys", ring.directory, top / "a").exit_code == 0
    volume.fail(Rule(op, path=HIDDEN[op], error=error))
    why = os.strerror(getattr(errno, error))[1:]

    refused = state("keys", "retire", ring.directory, "k1", top)
    assert refused.exit_code == 1
    assert "cannot be told of 1 path" in refused.stderr
    assert why in refused.stderr
    assert state("keys", "list", ring.directory, top).exit_code == 1
    for command in ("verify", "ls", "info", "rekey"):
        result = state(command, "--keys", ring.directory, top)
        assert result.exit_code == 1, (command, result.output)
        assert "unreadable" in result.stdout
        assert why in result.stdout
    assert state("manifest", "--keys", ring.directory, top).exit_code == 1
    assert KeyRing.open(ring.directory).key_ids == ("k1", "k2")

    volume.heal()
    assert (
        "1 file still needs the key 'k1'"
        in state("keys", "retire", ring.directory, "k1", top).stderr
    )
    assert state("rekey", "--keys", ring.directory, top).exit_code == 0
    assert state("keys", "retire", ring.directory, "k1", top).exit_code == 0
    assert state("verify", "--keys", ring.directory, top).exit_code == 0


@pytest.mark.parametrize("error", ["EIO", "ESTALE"])
def test_flink_is_told_of_an_error_of_the_volume_and_not_that_nothing_is_there(
    volume: Volume, jvm: Jvm, error: str
) -> None:
    file = volume.path / "results" / "job.json"
    assert jvm.ask(f"write {file} 10").startswith("ok")
    assert jvm.ask(f"exists {file}").endswith(" true")
    assert jvm.ask(f"list {file.parent}").endswith(" 1")
    for path in (file.with_name("other"), file / "below", volume.path / "no" / "directory"):
        assert jvm.ask(f"exists {path}").endswith(" false")
        assert jvm.ask(f"list {path}").endswith(" nothing")
        assert "NoSuchFile" in (said := jvm.ask(f"digest {path}")) or "NotFound" in said

    volume.fail(Rule("getattr", path="/results/job.json", error=error))
    for command in ("exists", "digest"):
        said = jvm.ask(f"{command} {file}")
        assert said.startswith("error"), said
        assert "FileNotFound" not in said.partition(": ")[2].partition(":")[0]
    volume.fail(Rule("getattr", path="/results", error=error))
    assert jvm.ask(f"exists {file}").startswith("error")
    assert jvm.ask(f"list {file.parent}").startswith("error")
    volume.fail(Rule("readdir", path="/results", error=error))
    assert jvm.ask(f"list {file.parent}").startswith("error")
    volume.heal()
    assert jvm.ask(f"exists {file}").endswith(" true")
