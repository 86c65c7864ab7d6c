# SPDX-License-Identifier: Apache-2.0
"""Sealed state on the kernel's own NFS, with the plugin in a JVM of the client."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from tests.faults.contents import digest
from tests.nfs.volume import EXPORT, PATH, RING, NfsVolume

ROOT = Path(__file__).parents[2]
SIZES = (0, 1, 16_384, 3_000_000)
LARGE = 3_000_000
KEYS = 16


def verify(volume: NfsVolume, path: str) -> tuple[int, str]:
    """`flinksec state verify` in the client."""
    keys = ["--keys", RING, path]
    command = [sys.executable, "-m", "flinksec_jobs", "state", "verify", *keys]
    return volume.client.run(f"cd {shlex.quote(str(ROOT))} && {shlex.join(command)}")


def test_what_is_written_is_read_back(volume: NfsVolume) -> None:
    jvm = volume.start("FileCommands")
    for size in SIZES:
        assert jvm.ask(f"write {PATH}/first/file-{size} {size}").startswith("ok")
    volume.forget()
    for size in SIZES:
        answer = jvm.ask(f"digest {PATH}/first/file-{size}")
        assert answer.endswith(digest(f"file-{size}", size))
    on_server = volume.server.do(f"cd {EXPORT}/first && stat -c %s *").split()
    assert sorted(map(int, on_server)) == [1096, 1097, 17_496, 1096 + LARGE + 16 * (LARGE // 16384)]
    assert verify(volume, f"{PATH}/first")[0] == 0


def test_a_full_volume_is_told_at_close_after_every_write_went_well(volume: NfsVolume) -> None:
    jvm = volume.start("FileCommands")
    assert jvm.ask(f"write {PATH}/before {LARGE}").startswith("ok")
    volume.fill(1)
    answer = jvm.ask(f"write {PATH}/full {LARGE}")
    assert answer.startswith("error write")
    assert "at close" in answer
    assert re.search("No space left on device|sync failed", answer)
    volume.forget()
    assert jvm.ask(f"digest {PATH}/full").startswith("error digest")
    assert verify(volume, f"{PATH}/full")[0] == 1

    volume.empty()
    assert jvm.ask(f"delete {PATH}/full").endswith("true")
    assert jvm.ask(f"write {PATH}/full {LARGE}").startswith("ok")
    for name in ("before", "full"):
        assert jvm.ask(f"digest {PATH}/{name}").endswith(digest(name, LARGE))


def test_a_file_that_the_server_removed_is_told_and_stays_told(volume: NfsVolume) -> None:
    jvm = volume.start("FileCommands")
    assert jvm.ask(f"write {PATH}/removed {LARGE}").startswith("ok")
    volume.forget()
    assert jvm.ask(f"open {PATH}/removed").startswith("ok")
    volume.server.do(f"rm {EXPORT}/removed && sync && echo 3 >/proc/sys/vm/drop_caches")
    if volume.version != "3":
        # A server of version 4 holds what a client has open, until it is started anew.
        volume.restart_server()
    volume.client.do("echo 3 >/proc/sys/vm/drop_caches; sleep 4")
    answer = jvm.ask("read-opened 1500000")
    assert answer.startswith("error read-opened")
    assert re.search("Stale file handle|Input/output error", answer)
    assert "an earlier read failed" in jvm.ask("read-opened 1500000")
    assert "FileNotFoundException" in jvm.ask(f"digest {PATH}/removed")


def test_a_server_that_dies_while_files_are_written_loses_none_that_was_reported(
    volume: NfsVolume,
) -> None:
    jvm = volume.start("FileCommands")
    names = [f"file-{number}" for number in range(12)]
    jvm.tell(*(f"write {PATH}/in-between/{name} {LARGE}" for name in names))
    for _ in range(3):
        assert jvm.line().startswith("ok write")
    volume.restart_server()
    answers = [jvm.line() for _ in names[3:]]
    told = names[:3] + [a.split("/")[-1].split()[0] for a in answers if a.startswith("ok")]
    # It may be that version 4 tells of what it lost; version 3 just waits.
    assert len(told) == len(names) or volume.version == "4.2"
    volume.forget()
    for name in told:
        assert jvm.ask(f"digest {PATH}/in-between/{name}").endswith(digest(name, LARGE))
    for name in set(names) - set(told):
        assert jvm.ask(f"digest {PATH}/in-between/{name}").startswith("error")
    assert jvm.ask(f"write {PATH}/after {LARGE}").startswith("ok")


def test_a_client_that_dies_in_mid_checkpoint_leaves_the_last_one_to_a_new_client(
    volume: NfsVolume,
) -> None:
    jvm = volume.start("JobCommands", f"{PATH}/job", "/run/tmp")
    jvm.tell("start")
    for _ in range(3):
        jvm.wait_for("complete")
    volume.replace_client()
    complete = {
        int(n): int(at) for n, at in re.findall(r"complete (\d+) (\d+)", "\n".join(jvm.rest()))
    }

    names = volume.client.do(f"ls -d {PATH}/job/*/chk-*/_metadata").split()
    whole = [name for name in names if verify(volume, name)[0] == 0]
    last = max(whole, key=number_of)
    assert number_of(last) >= max(complete)
    checkpoint = last.removesuffix("/_metadata")
    assert verify(volume, checkpoint)[0] == 0

    jvm = volume.start("JobCommands", f"{PATH}/job", "/run/tmp")
    jvm.tell(f"start {checkpoint}")
    restored = int(jvm.wait_for("restored").split()[1])
    assert restored == complete.get(number_of(last), restored)
    jvm.wait_for("complete")
    jvm.tell("end")
    assert jvm.wait_for("result") == "result true"
    (end,) = (int(line.split()[1]) for line in jvm.said if line.startswith("end "))
    sums = {line for line in jvm.said if line.startswith("sum ")}
    assert sums == {f"sum {key} {sum(range(key, end, KEYS))} true" for key in range(KEYS)}


def number_of(metadata: str) -> int:
    return int(metadata.split("/chk-")[1].split("/", maxsplit=1)[0])
