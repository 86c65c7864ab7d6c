# SPDX-License-Identifier: Apache-2.0
"""A key is retired only when every file was looked at and none needs it."""

import errno
import fcntl
import json
import os
import shutil
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flinksec_jobs.cli import main
from flinksec_jobs.sealed import KeyRing, verify_file
from flinksec_jobs.sealed.format import KeySlot, WrappedKey
from flinksec_jobs.sealed.keyfiles import held
from flinksec_jobs.sealed.needs import keys_needed
from flinksec_jobs.sealed.rekey import rekey_found

Seal = Callable[[str, bytes], Path]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["state", *map(str, arguments)])


def unlistable(path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()  # its listing fails: see `failing`


def linked_directory(path: Path) -> None:
    path.rename(path.parents[2] / "elsewhere")
    path.symlink_to("../../elsewhere")


def dangling(path: Path) -> None:
    shutil.rmtree(path)
    path.symlink_to("nowhere")


def loop(path: Path) -> None:
    shutil.rmtree(path)
    path.symlink_to(path.name)


def up(path: Path) -> None:
    shutil.rmtree(path)
    path.symlink_to("/")


def fifo(path: Path) -> None:
    shutil.rmtree(path)
    os.mkfifo(path)


def listening(path: Path) -> None:
    shutil.rmtree(path)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def device(path: Path) -> None:
    shutil.rmtree(path)
    path.symlink_to("/dev/zero")


def newer(path: Path) -> None:
    (file,) = path.iterdir()
    raw = bytearray(file.read_bytes())
    raw[8] = 2
    file.write_bytes(raw)


def impossible(path: Path) -> None:
    (file,) = path.iterdir()
    raw = bytearray(file.read_bytes())
    raw[14] = 9
    file.write_bytes(raw)


def both_slots_gone(path: Path) -> None:
    (file,) = path.iterdir()
    raw = bytearray(file.read_bytes())
    raw[320:1024] = bytes(704)
    file.write_bytes(raw)


def another_id_in_the_slot(path: Path) -> None:
    """As somebody may write who wants the key to be thrown away."""
    (file,) = path.iterdir()
    raw = bytearray(file.read_bytes())
    slot = KeySlot.parse(bytes(raw[320:672]))
    assert slot
    raw[320:672] = KeySlot(1, WrappedKey(1, "k2", slot.key.data)).to_bytes()
    file.write_bytes(raw)


HIDDEN = [
    unlistable,
    linked_directory,
    dangling,
    loop,
    up,
    fifo,
    listening,
    device,
    newer,
    impossible,
    both_slots_gone,
    another_id_in_the_slot,
]


@pytest.mark.parametrize("hide", HIDDEN)
def test_a_key_is_not_retired_while_one_file_may_need_it(
    volume: Path, ring: KeyRing, failing: dict[str, int], hide: Callable[[Path], None]
) -> None:
    ring.add("k2")
    assert run("rekey", "--keys", ring.directory, volume / "a").exit_code == 0
    hidden = volume / "b" / "chk-2"
    hide(hidden)
    failing[str(hidden)] = errno.EACCES
    if hide is not unlistable:
        failing.clear()

    refused = run("keys", "retire", ring.directory, "k1", volume)
    assert refused.exit_code == 1, refused.output
    assert "cannot be told of 1 path:" in refused.stderr
    assert str(hidden) in refused.stderr
    assert (ring.directory / "k1").is_file()
    assert sorted(p.name for p in ring.directory.iterdir()) == ["k1", "k2", "primary"]

    if hide is not another_id_in_the_slot:  # This one needs the keys to be seen.
        listed = run("keys", "list", ring.directory, volume)
        assert listed.exit_code == 1
        assert str(hidden) in listed.stderr
        answer = run("keys", "list", ring.directory, volume, "--json")
        assert (answer.exit_code, len(json.loads(answer.stdout)["unknown"])) == (1, 1)

    if hide not in {impossible, both_slots_gone, another_id_in_the_slot}:  # They were read.
        assert run("ls", volume).exit_code == 1
        assert run("info", volume).exit_code == 1

    verified = run("verify", "--keys", ring.directory, volume, "--json")
    found = json.loads(verified.stdout)
    assert (verified.exit_code, found["whole"], found["counts"]["whole"]) == (1, False, 1)

    rekeyed = run("rekey", "--keys", ring.directory, volume, "--json")
    assert rekeyed.exit_code == 1
    (left,) = json.loads(rekeyed.stdout)["left"]
    assert left["path"].startswith(str(hidden))


def test_a_link_is_nothing_to_worry_about_if_what_it_leads_to_is_looked_at(
    volume: Path, ring: KeyRing, tmp_path: Path
) -> None:
    ring.add("k2")
    outside = tmp_path / "outside" / "chk-2"
    outside.parent.mkdir()
    (volume / "b" / "chk-2").rename(outside)
    (volume / "b" / "chk-2").symlink_to(outside)
    both = (volume, outside.parent)
    assert keys_needed(both).named == {"k1": 2}
    assert keys_needed(both).unknown == {}
    assert run("rekey", "--keys", ring.directory, *both).exit_code == 0
    assert run("keys", "retire", ring.directory, "k1", *both).exit_code == 0


def test_a_key_that_is_needed_again_at_the_second_look_is_put_back(
    volume: Path, ring: KeyRing, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that still seals under the old key writes a file between the two looks."""
    ring.add("k2")
    assert run("rekey", "--keys", ring.directory, volume).exit_code == 0
    looks: list[list[str]] = []

    def looking(*arguments: Any) -> Any:
        looks.append(sorted(path.name for path in ring.directory.iterdir()))
        if len(looks) == 2:
            seal("state/c/chk-3/_metadata", b"late")
        return keys_needed(*arguments)

    monkeypatch.setattr("flinksec_jobs.cli.state_keys.keys_needed", looking)
    refused = run("keys", "retire", ring.directory, "k1", volume)
    assert refused.exit_code == 1
    assert "1 file still needs the key 'k1'" in refused.stderr
    assert looks == [["k1", "k2", "primary"], [".k1.retiring", "k2", "primary"]]
    assert KeyRing.open(ring.directory).key_ids == ("k1", "k2")
    assert verify_file(volume / "c/chk-3/_metadata", KeyRing.open(ring.directory)).whole


def test_a_key_whose_retiring_was_cut_short_is_not_lost(volume: Path, ring: KeyRing) -> None:
    ring.add("k2")
    directory = ring.directory
    (directory / "k1").rename(directory / ".k1.retiring")
    assert KeyRing.open(directory).key_ids == ("k2",)
    assert "about to be deleted" in run("keys", "add", directory, "k1").stderr
    refused = run("keys", "retire", directory, "k1", volume)
    assert "2 files still need the key 'k1'" in refused.stderr
    assert KeyRing.open(directory).key_ids == ("k1", "k2")
    assert run("rekey", "--keys", directory, volume).exit_code == 0
    (directory / "k1").rename(directory / ".k1.retiring")
    assert run("keys", "retire", directory, "k1", volume).exit_code == 0
    assert sorted(p.name for p in directory.iterdir()) == ["k2", "primary"]


def test_no_key_is_deleted_while_somebody_re_keys_with_the_ring(
    volume: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files would be sealed anew under a key that is being thrown away."""
    ring.add("k2")
    was_locked: list[bool] = []

    def rekeying(*arguments: Any, **named: Any) -> Any:
        probe = os.open(ring.directory, os.O_RDONLY)
        try:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            was_locked.append(True)
        finally:
            os.close(probe)
        return rekey_found(*arguments, **named)

    monkeypatch.setattr("flinksec_jobs.cli.state.rekey_found", rekeying)
    assert run("rekey", "--keys", ring.directory, volume).exit_code == 0
    assert was_locked == [True, True]

    with ThreadPoolExecutor(1) as pool, held(ring.directory, to_change=False):
        retiring = pool.submit(ring.remove, "k1")
        with pytest.raises(TimeoutError):
            retiring.result(timeout=0.3)
        assert (ring.directory / "k1").is_file()
    assert retiring.result().key_ids == ("k2",)


def test_a_volume_that_is_not_mounted_is_no_volume_without_files(
    volume: Path, ring: KeyRing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring.add("k2")
    (tmp_path / "not mounted" / "lost+found").mkdir(parents=True)
    (tmp_path / "clear").write_text("no sealed file")
    monkeypatch.chdir(tmp_path / "not mounted")
    for missed in ("../not mounted", tmp_path / "clear"):
        refused = run("keys", "retire", ring.directory, "k1", missed)
        assert refused.exit_code == 1
        assert f"no sealed file was found under {missed}" in refused.stderr
    empty = run("keys", "retire", ring.directory, "k1", "")  # a variable that is not set
    assert (empty.exit_code, "the path is empty" in empty.stderr) == (2, True)
    assert run("verify", "--keys", ring.directory, "").exit_code == 2
    assert run("rekey", "--keys", ring.directory, volume).exit_code == 0
    both = run("keys", "retire", ring.directory, "k1", volume, tmp_path / "not mounted")
    assert both.exit_code == 1
    assert KeyRing.open(ring.directory).key_ids == ("k1", "k2")
    assert run("keys", "retire", ring.directory, "k1", volume).exit_code == 0


def test_a_key_that_was_being_put_back_when_the_process_died_is_put_back(
    volume: Path, ring: KeyRing
) -> None:
    ring.add("k2")
    directory = ring.directory
    os.link(directory / "k1", directory / ".k1.retiring")
    assert "2 files still need" in run("keys", "retire", directory, "k1", volume).stderr
    assert sorted(p.name for p in directory.iterdir()) == ["k1", "k2", "primary"]

    (directory / ".k1.retiring").write_bytes(bytes(32))  # another one than k1
    refused = run("keys", "retire", directory, "k1", volume)
    assert "there are two keys 'k1'" in refused.stderr
    assert sorted(p.name for p in directory.iterdir()) == [".k1.retiring", "k1", "k2", "primary"]
