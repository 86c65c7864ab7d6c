# SPDX-License-Identifier: Apache-2.0
"""A key ring that is missing, malformed or exposed is refused by name."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed import KeyRing
from tests.unit.sealed.bound_keys import ANY


def test_a_new_ring_is_private_and_has_one_key(tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path / "ring", "2026-11")
    assert ring.key_ids == ("2026-11",)
    assert ring.primary_id == "2026-11"
    modes = {p.name: p.stat().st_mode & 0o777 for p in (tmp_path / "ring").iterdir()}
    assert modes == {"2026-11": 0o600, "primary": 0o600}
    assert (tmp_path / "ring").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "ring" / "2026-11").stat().st_size == 32


def test_a_ring_is_never_overwritten(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "ring")
    with pytest.raises(KeyRingError, match="not empty"):
        KeyRing.create(tmp_path / "ring")


def test_wrapping_and_unwrapping_gives_the_data_key_back(tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path / "ring")
    wrapped = ring.wrap(bytes(range(32)), ANY)
    assert len(wrapped.data) == 40
    assert ring.unwrap(wrapped, ANY) == bytes(range(32))


def test_a_mounted_secret_is_a_key_ring(tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path / "..2026_01_01", "k1")
    (ring.directory / "k1").chmod(0o440)
    (tmp_path / "..data").symlink_to("..2026_01_01")
    (tmp_path / "k1").symlink_to("..data/k1")
    (tmp_path / "primary").symlink_to("..data/primary")
    assert KeyRing.open(tmp_path).key_ids == ("k1",)


def move_away(path: Path) -> None:
    path.rename(path.with_name("moved"))


def remove_primary(path: Path) -> None:
    (path / "primary").unlink()


def name_a_missing_primary(path: Path) -> None:
    (path / "primary").write_text("k2\n")


def expose(path: Path) -> None:
    (path / "k1").chmod(0o644)


def shorten(path: Path) -> None:
    (path / "k1").write_bytes(b"x" * 31)


def add_a_bad_name(path: Path) -> None:
    (path / "k 2").write_bytes(b"x" * 32)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (move_away, "it is not a directory"),
        (remove_primary, "the file 'primary', which names the key for new files, is missing"),
        (name_a_missing_primary, "'primary' names the key 'k2', which is not there"),
        (expose, r"the key file 'k1' is exposed \(mode 0644\)"),
        (shorten, "the key file 'k1' must hold exactly 32 bytes, it holds 31"),
        (add_a_bad_name, "'k 2' is not a key id"),
    ],
)
def test_a_ring_that_cannot_be_used_is_named(
    tmp_path: Path, damage: Callable[[Path], None], why: str
) -> None:
    KeyRing.create(tmp_path / "ring", "k1")
    damage(tmp_path / "ring")
    with pytest.raises(KeyRingError, match=f"key ring {tmp_path / 'ring'}: {why}"):
        KeyRing.open(tmp_path / "ring")


def by_everybody(path: Path) -> None:
    path.chmod(0o777)


def by_its_group(path: Path) -> None:
    path.chmod(0o770)


def from_above(path: Path) -> None:
    path.parent.chmod(0o777)


def primary_by_everybody(path: Path) -> None:
    (path / "primary").chmod(0o666)


def primary_by_its_group(path: Path) -> None:
    (path / "primary").chmod(0o660)


def primary_behind_an_open_directory(path: Path) -> None:
    (path / "primary").rename(path.with_name("primary"))
    path.with_name("open").mkdir()
    path.with_name("open").chmod(0o777)
    (path / "primary").symlink_to("../open/../primary")


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (by_everybody, r"the directory {ring} can be changed by others \(mode 0777\)"),
        (by_its_group, r"the directory {ring} can be changed by others \(mode 0770\)"),
        (from_above, r"the directory {top} can be changed by others \(mode 0777\)"),
        (primary_by_everybody, r"the file 'primary' can be changed by others \(mode 0666\)"),
        (primary_by_its_group, r"the file 'primary' can be changed by others \(mode 0660\)"),
        (primary_behind_an_open_directory, r"the directory {top}/open can be changed by others"),
    ],
)
def test_a_ring_that_others_could_change_is_refused(
    tmp_path: Path, damage: Callable[[Path], None], what: str
) -> None:
    ring = KeyRing.create(tmp_path / "ring", "k1").directory
    damage(ring)
    with pytest.raises(KeyRingError, match=what.format(ring=ring, top=tmp_path)):
        KeyRing.open(ring)


def test_what_belongs_to_somebody_else_is_refused_each_part_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = KeyRing.create(tmp_path / "ring", "k1").directory
    for path in (ring, ring / "k1", ring / "primary"):
        with monkeypatch.context() as patch:
            pretend_owner(patch, path, 65_534)
            with pytest.raises(KeyRingError) as refused:
                KeyRing.open(ring)
        assert f"{path} belongs to user id 65534, who is neither root nor" in refused.value.message
    assert KeyRing.open(ring).key_ids == ("k1",)


def pretend_owner(patch: pytest.MonkeyPatch, path: Path, owner: int) -> None:
    def told(real: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def stat(self: Path, **named: bool) -> os.stat_result:
            found = real(self, **named)
            if self != path:
                return found
            return os.stat_result((*found[:4], owner, *found[5:]))

        return stat

    patch.setattr(Path, "stat", told(Path.stat))
    patch.setattr(Path, "lstat", told(Path.lstat))


@pytest.mark.parametrize("mode", [0o1777, 0o3777, 0o755, 0o500])
def test_a_sticky_directory_is_a_mounted_secret_s(tmp_path: Path, mode: int) -> None:
    ring = KeyRing.create(tmp_path / "ring", "k1").directory
    ring.chmod(mode)
    assert KeyRing.open(ring).key_ids == ("k1",)


def test_a_pipe_or_device_in_a_ring_keeps_nobody_waiting(tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path / "ring", "k1").directory
    os.mkfifo(ring / "k2", 0o600)
    with pytest.raises(KeyRingError, match="the key file 'k2' cannot be read: is a named pipe"):
        KeyRing.open(ring)
    (ring / "k2").unlink()
    (ring / "primary").unlink()
    os.mkfifo(ring / "primary", 0o600)
    with pytest.raises(KeyRingError, match="the file 'primary' cannot be read: is a named pipe"):
        KeyRing.open(ring)
    (ring / "primary").unlink()
    (ring / "primary").symlink_to("/dev/zero")  # Whose "/" it is may be what is refused.
    with pytest.raises(KeyRingError, match=f"key ring {ring}: "):
        KeyRing.open(ring)


@pytest.mark.parametrize("root", ["/", "//"])
def test_a_link_from_either_root_of_posix_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    # Whose the directories above are is another question.
    monkeypatch.setattr("flinksec_jobs.sealed.ownership._check_directory", lambda *_: None)
    ring = KeyRing.create(tmp_path / "ring", "k1")
    (tmp_path / "k2").write_bytes(bytes(32))
    (tmp_path / "k2").chmod(0o600)
    (ring.directory / "k2").symlink_to(f"{root}{str(tmp_path).lstrip('/')}/k2")
    assert KeyRing.open(ring.directory).key_ids == ("k1", "k2")
