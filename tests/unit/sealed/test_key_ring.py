# SPDX-License-Identifier: Apache-2.0
"""A key ring that is missing, malformed or exposed is refused by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed import KeyRing


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
    wrapped = ring.wrap(bytes(range(32)))
    assert len(wrapped.data) == 40
    assert ring.unwrap(wrapped) == bytes(range(32))


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
        (add_a_bad_name, "'k 2' is no key id"),
    ],
)
def test_a_ring_that_cannot_be_used_is_named(
    tmp_path: Path, damage: Callable[[Path], None], why: str
) -> None:
    KeyRing.create(tmp_path / "ring", "k1")
    damage(tmp_path / "ring")
    with pytest.raises(KeyRingError, match=f"key ring {tmp_path / 'ring'}: {why}"):
        KeyRing.open(tmp_path / "ring")
