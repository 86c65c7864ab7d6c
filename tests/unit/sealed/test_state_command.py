# SPDX-License-Identifier: Apache-2.0
"""``flinksec state``: what each command prints, writes and exits with."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flinksec_jobs.cli import main
from flinksec_jobs.sealed import KeyRing, verify_file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["state", *map(str, arguments)])


@pytest.fixture
def job(tmp_path: Path, seal: Callable[[str, bytes], Path]) -> Path:
    """A checkpoint of two files."""
    seal("job/chk-1/_metadata", b"metadata")
    seal("job/chk-1/part", b"x" * 40_000)
    return tmp_path / "job"


@pytest.fixture
def keys(ring: KeyRing) -> Path:
    return ring.directory


def test_a_new_ring_seals_and_says_to_keep_a_copy(tmp_path: Path) -> None:
    result = run("keys", "init", tmp_path / "new", "--id", "2026-11")
    assert result.exit_code == 0
    assert result.stdout == f"made the key ring {tmp_path / 'new'} with the key '2026-11'\n"
    assert "keep a copy of it elsewhere" in result.stderr
    assert KeyRing.open(tmp_path / "new").primary_id == "2026-11"
    again = run("keys", "init", tmp_path / "new")
    assert again.exit_code == 1
    assert "it exists and is not empty" in again.stderr


def test_a_ring_without_an_id_gets_the_date(tmp_path: Path) -> None:
    assert run("keys", "init", tmp_path / "new").exit_code == 0
    assert KeyRing.open(tmp_path / "new").primary_id.startswith("key-20")


def test_keys_are_added_used_and_listed_with_the_files_that_need_them(
    keys: Path, job: Path
) -> None:
    assert "primary key is 'k2'" in run("keys", "add", keys, "k2").stdout
    assert "primary key is 'k2'" in run("keys", "add", keys, "k3", "--spare").stdout
    assert run("keys", "list", keys, job).stdout.splitlines() == [
        "k1           2 files",
        "k2  primary  0 files",
        "k3           0 files",
    ]
    assert run("keys", "use", keys, "k3").stdout == "the primary key is 'k3'\n"
    listed = json.loads(run("keys", "list", keys, job, "--json").stdout)["keys"]
    assert listed[0] == {"id": "k1", "primary": False, "at_hand": True, "files": 2}
    assert [key["id"] for key in listed if key["primary"]] == ["k3"]
    assert "there is no key 'k9'" in run("keys", "use", keys, "k9").stderr


def test_a_key_that_files_name_and_the_ring_lacks_is_shown(tmp_path: Path, job: Path) -> None:
    other = KeyRing.create(tmp_path / "other", "k9")
    assert run("keys", "list", other.directory, job).stdout.splitlines() == [
        "k1  MISSING  2 files",
        "k9  primary  0 files",
    ]


def test_a_key_is_retired_only_when_no_file_needs_it(keys: Path, job: Path) -> None:
    assert "'k1' is the primary key" in run("keys", "retire", keys, "k1", "--unchecked").stderr
    run("keys", "add", keys, "k2")
    assert "cannot be told without PATHS" in run("keys", "retire", keys, "k1").stderr
    refused = run("keys", "retire", keys, "k1", job)
    assert refused.exit_code == 1
    assert "2 files still need the key 'k1'" in refused.stderr
    assert f"flinksec state rekey --keys {keys} {job}" in refused.stderr
    assert run("rekey", "--keys", keys, job).exit_code == 0
    assert run("keys", "retire", keys, "k1", job).stdout == "deleted the key 'k1'; left: k2\n"
    assert run("verify", "--keys", keys, job).exit_code == 0


def test_ls_shows_each_file(keys: Path, job: Path) -> None:
    for arguments in ((job,), (job, "--keys", keys)):
        lines = run("ls", *arguments).stdout.splitlines()
        assert [line.split()[:3] for line in lines] == [
            ["sealed", "8", "k1"],
            ["sealed", "40,000", "k1"],
        ]
        assert lines[0].endswith(f"  {job}/chk-1/_metadata")


def test_ls_with_keys_opens_what_it_lists(tmp_path: Path, job: Path) -> None:
    other = KeyRing.create(tmp_path / "other", "k9").directory
    files = json.loads(run("ls", job, "--keys", other, "--json").stdout)["files"]
    assert [file["status"] for file in files] == ["key missing", "key missing"]


def test_info_shows_the_header(job: Path) -> None:
    out = run("info", job / "chk-1" / "part").stdout
    shown = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert shown["name"] == str(job / "chk-1/part").removeprefix("/")
    assert shown["name_policy"] == "enforce"
    assert shown["length"] == "40000"
    assert len(shown["file_id"]) == 32
    fields = json.loads(run("info", job, "--json").stdout)["files"][0]
    assert fields["key_ids"] == ["k1"]


def test_verify_says_of_each_file_what_it_is(keys: Path, job: Path) -> None:
    assert run("verify", job, "--keys", keys).stdout.splitlines() == [
        f"whole        {job}/chk-1/_metadata",
        f"whole        {job}/chk-1/part",
        "2 files: 2 whole",
    ]
    part = job / "chk-1" / "part"
    part.write_bytes(part.read_bytes()[:-17])
    result = run("verify", job, "--keys", keys)
    assert result.exit_code == 1
    assert f"tampered     {part}\n" in result.stdout
    assert f"problem: {part}: chunk 2 is not authentic" in result.stdout
    assert "[state-file-tampered]\n  hint: put back a whole copy" in result.stdout
    assert result.stdout.endswith("2 files: 1 tampered, 1 whole\n")
    answer = run("verify", job, "--keys", keys, "--json")
    assert answer.exit_code == 1
    parsed = json.loads(answer.stdout)
    assert (parsed["whole"], parsed["counts"]) == (False, {"whole": 1, "tampered": 1})
    (found,) = parsed["findings"]
    assert (found["id"], found["severity"]) == ("state-file-tampered", "problem")
    assert found["where"] == {"file": str(part)}
    assert found["why"].startswith("chunk 2 is not authentic")


def test_verify_of_nothing_is_no_success(keys: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("verify", tmp_path / "empty", "--keys", keys)
    assert result.exit_code == 1
    assert "no file was found [state-files-absent]\n  hint: " in result.stdout


def test_the_ring_may_come_from_the_environment(keys: Path, job: Path) -> None:
    environ = {"FLINKSEC_STATE__KEYS": str(keys)}
    assert CliRunner().invoke(main, ["state", "verify", str(job)], env=environ).exit_code == 0


def test_cat_writes_the_contents(keys: Path, job: Path) -> None:
    assert run("cat", job / "chk-1/_metadata", "--keys", keys).stdout_bytes == b"metadata"
    both = run("cat", job / "chk-1/_metadata", job / "chk-1/part", "--keys", keys)
    assert both.stdout_bytes == b"metadata" + b"x" * 40_000


def test_cat_into_a_file_is_private_and_whole_or_absent(
    keys: Path, job: Path, tmp_path: Path
) -> None:
    out = tmp_path / "clear"
    assert run("cat", job / "chk-1/part", "--keys", keys, "-o", out).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert out.read_bytes() == b"x" * 40_000
    again = run("cat", job / "chk-1/part", "--keys", keys, "-o", out)
    assert (again.exit_code, "exists" in again.stderr) == (1, True)

    raw = bytearray((job / "chk-1/part").read_bytes())
    raw[1080 + 16_400 + 7] ^= 1
    (job / "chk-1/part").write_bytes(raw)
    failed = run("cat", job / "chk-1/part", "--keys", keys, "-o", tmp_path / "other")
    assert failed.exit_code == 1
    assert "chunk 1 is not authentic" in failed.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clear", "job", "ring"]


def test_cat_reads_a_moved_checkpoint_only_when_told_so(
    keys: Path, job: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    (job / "chk-1" / "part").rename(moved)
    refused = run("cat", moved, "--keys", keys)
    assert refused.exit_code == 1
    assert f"{moved}: it was written as '{str(job)[1:]}/chk-1/part'" in refused.stderr
    assert run("cat", moved, "--keys", keys, "--moved").stdout_bytes == b"x" * 40_000


def test_rekey_tells_what_it_did_and_what_is_left(keys: Path, job: Path, tmp_path: Path) -> None:
    run("keys", "add", keys, "k2")
    (job / "stray").write_text("{}")
    result = run("rekey", job, "--keys", keys)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"left  {job}/stray  plaintext: not a sealed file: it was written without encryption, "
        "or put there",
        "3 files: 1 left, 2 re-wrapped; primary key 'k2'",
    ]
    (job / "stray").unlink()
    parsed = json.loads(run("rekey", job, "--keys", keys, "--json").stdout)
    assert parsed == {
        "primary": "k2",
        "counts": {"current": 2},
        "still_need": {},
        "left": [],
        "findings": [],
    }
    other = KeyRing.create(tmp_path / "other", "k9")
    result = run("rekey", job, "--keys", other.directory)
    assert result.exit_code == 1
    assert result.stdout.endswith("still under key 'k2': 2\n")
    assert verify_file(job / "chk-1/part", KeyRing.open(keys)).whole


def test_errors_of_the_system_are_told_in_one_line(keys: Path, job: Path, tmp_path: Path) -> None:
    run("keys", "add", keys, "k2")
    (tmp_path / "link").symlink_to(job / "chk-1/part")
    result = run("rekey", tmp_path / "link", "--keys", keys)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"left  {tmp_path / 'link'}  unreadable: too many levels")
    result = run("cat", tmp_path / "nothing", "--keys", keys)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {tmp_path / 'nothing'}: ")


def test_no_key_byte_is_ever_printed(keys: Path, job: Path) -> None:
    secret = (keys / "k1").read_bytes()
    for command in (("ls",), ("info",), ("verify",), ("keys", "list", keys)):
        result = run(*command, job, *(() if command[0] == "keys" else ("--keys", keys)))
        assert secret not in result.output.encode()
        assert secret.hex() not in result.output


def test_no_part_of_flink_is_imported(keys: Path, job: Path) -> None:
    program = (
        "import sys; from flinksec_jobs.cli import main\n"
        f"main(['state', 'verify', {str(job)!r}, '--keys', {str(keys)!r}], standalone_mode=False)"
    )
    watch = (
        f"import atexit, sys; atexit.register(lambda: print('pyflink' in sys.modules))\n{program}"
    )
    done = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_a_manifest_finds_what_was_put_back_taken_away_and_added(
    keys: Path, job: Path, tmp_path: Path, seal: Callable[[str, bytes], Path]
) -> None:
    older = (job / "chk-1" / "part").read_bytes()
    (job / "chk-1" / "part").unlink()
    seal("job/chk-1/part", b"y" * 40_000)
    listed = tmp_path / "manifest.json"
    assert run("manifest", job, "--keys", keys, "-o", listed).exit_code == 0
    assert run("verify", job, "--keys", keys, "--manifest", listed).exit_code == 0

    (job / "chk-1" / "part").write_bytes(older)
    (job / "chk-1" / "_metadata").unlink()
    seal("job/chk-1/new", b"")
    assert run("verify", job, "--keys", keys).exit_code == 0
    result = run("verify", job, "--keys", keys, "--manifest", listed)
    assert result.exit_code == 1
    told = [line for line in result.stdout.splitlines() if line.startswith("problem: ")]
    assert [(line.split()[1], line.split()[-1]) for line in told] == [
        (f"{job}/chk-1/_metadata:", "[state-file-missing]"),
        (f"{job}/chk-1/new:", "[state-file-extra]"),
        (f"{job}/chk-1/part:", "[state-file-replaced]"),
    ]
    answer = run("verify", job, "--keys", keys, "--manifest", listed, "--json")
    assert json.loads(answer.stdout)["changes"]["chk-1/part"] == "replaced"


def test_a_manifest_outlives_a_rekey(keys: Path, job: Path, tmp_path: Path) -> None:
    listed = tmp_path / "manifest.json"
    listed.write_text(run("manifest", job, "--keys", keys).stdout)
    run("keys", "add", keys, "k2")
    assert run("rekey", job, "--keys", keys).exit_code == 0
    assert run("verify", job, "--keys", keys, "--manifest", listed).exit_code == 0


def test_a_manifest_lists_whole_files_only_and_is_read_with_care(
    keys: Path, job: Path, tmp_path: Path
) -> None:
    (job / "plain").write_text("{}")
    result = run("manifest", job, "--keys", keys)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{job / 'plain'} is not whole (plaintext)" in result.stderr
    (job / "plain").rename(job / "a\nb")
    assert f"{job}/a\\nb is not whole" in run("manifest", job, "--keys", keys).stderr
    (job / "a\nb").rename(job / "plain")
    wrong = tmp_path / "wrong.json"
    for text in (
        "",
        "[]",
        "{}",
        '{"flinksec_manifest": 2, "files": {}}',
        '{"flinksec_manifest": 1}',
    ):
        wrong.write_text(text)
        refused = run("verify", job, "--keys", keys, "--manifest", wrong)
        assert refused.exit_code == 1
        assert f"{wrong} is not a manifest of this version" in refused.stderr
    listed = tmp_path / "listed.json"
    listed.write_text('{"flinksec_manifest": 1, "files": {}}')
    two = run("verify", job, job, "--keys", keys, "--manifest", listed)
    assert (two.exit_code, "--manifest goes with one PATH" in two.stderr) == (2, True)
