# SPDX-License-Identifier: Apache-2.0
"""Conscrypt's library where the root is read-only and the temporary directory runs no programs."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from flinksec_jobs.runtime import artifacts
from flinksec_jobs.sealed import KeyRing
from tests.faults.java import Jvm, Programs

# In namespaces of its own: $1 stays writable, $2 is empty and mounted with noexec.
_CONFINED = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -t tmpfs -o noexec tmpfs "$2"
mount -o remount,ro,bind /
cd "$1"
shift 2
exec "$@"
"""


@pytest.fixture(scope="module")
def programs(compiled: Programs, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    """The programs, with Conscrypt beside the plugin."""
    directory = tmp_path_factory.mktemp("native")
    plugin = directory / "plugins" / "sealed-state"
    plugin.mkdir(parents=True)
    (directory / "programs.jar").symlink_to(compiled.directory / "programs.jar")
    (plugin / "plugin.jar").symlink_to(artifacts.own_jar("flinksec-sealed-state"))
    (jar,) = artifacts.jars("conscrypt")
    (plugin / "conscrypt.jar").symlink_to(jar)
    return replace(compiled, directory=directory)


def confined(programs: Programs, ring: KeyRing, top: Path, *options: str) -> list[str]:
    """The command of ``FileCommands`` in such a place."""
    (top / "writable").mkdir(exist_ok=True)
    (top / "noexec").mkdir(exist_ok=True)
    java, *words = programs.command("FileCommands", ring.directory)
    words = [word for word in words if not word.endswith(".jsa")]
    named = [f"-Djava.io.tmpdir={top / 'noexec'}", "-Dflinksec.sealed.cipher=conscrypt", *options]
    shell = ["unshare", "--map-root-user", "--mount", "sh", "-c", _CONFINED, "sh"]
    return [*shell, str(top / "writable"), str(top / "noexec"), java, *named, *words]


def test_files_are_sealed_where_a_directory_for_its_library_is_named(
    programs: Programs, ring: KeyRing, tmp_path: Path
) -> None:
    file, native = tmp_path / "writable" / "file", tmp_path / "writable" / "native"
    native.mkdir(parents=True)
    command = confined(programs, ring, tmp_path, f"-Dflinksec.sealed.native-directory={native}")
    jvm = Jvm(command, programs.directory / "plugins")
    try:
        assert jvm.ask(f"write {file} 200000").startswith("ok")
        digest = jvm.ask(f"digest {file}")
        assert digest.startswith("ok")
        assert jvm.ask(f"write {tmp_path / 'file'} 1").startswith("error")
    finally:
        assert jvm.end() == 0


def test_else_the_start_is_refused_with_the_setting_that_helps(
    programs: Programs, ring: KeyRing, tmp_path: Path
) -> None:
    done = subprocess.run(
        confined(programs, ring, tmp_path),
        env={"FLINK_PLUGINS_DIR": str(programs.directory / "plugins"), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert "ready" not in done.stdout
    assert "native library cannot be loaded" in done.stderr
    assert "flinksec.sealed.native-directory" in done.stderr
