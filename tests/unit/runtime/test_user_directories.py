# SPDX-License-Identifier: Apache-2.0
"""Logs and jars have a place also where a user has no name and no home."""

import os
import pwd
import stat
import tempfile
from pathlib import Path

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.runtime import user_directories


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_at_home_they_are_where_the_desktop_specification_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_directories.state() == tmp_path / ".local/state/flinksec"
    assert user_directories.cache() == tmp_path / ".cache/flinksec"
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert user_directories.state() == Path("/state/flinksec")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")  # means nothing, says the specification
    assert user_directories.state() == tmp_path / ".local/state/flinksec"


@pytest.mark.parametrize("home", [None, "a file", "a file/below"])
def test_without_a_home_they_are_private_among_the_temporary_files(
    home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: int) -> pwd.struct_passwd:
        raise KeyError

    if home is None:
        monkeypatch.delenv("HOME")
        monkeypatch.setattr(pwd, "getpwuid", unknown)
    else:
        (tmp_path / "a file").touch()
        monkeypatch.setenv("HOME", str(tmp_path / home))
    own = tmp_path / f"flinksec-{os.getuid()}"
    assert user_directories.state() == own / "state"
    assert user_directories.cache() == own / "cache"
    assert stat.S_IMODE(own.stat().st_mode) == 0o700


def test_a_directory_that_another_user_may_have_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "a file"))
    own = tmp_path / f"flinksec-{os.getuid()}"
    own.mkdir()
    own.chmod(0o777)
    with pytest.raises(SettingsError, match="not a private directory of this user") as caught:
        user_directories.state()
    assert "FLINKSEC_LOG_DIR" in str(caught.value.hint)
    own.rmdir()
    own.symlink_to("/tmp")
    with pytest.raises(SettingsError, match="not a private directory"):
        user_directories.cache()
