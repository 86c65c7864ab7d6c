# SPDX-License-Identifier: Apache-2.0
"""``flinksec state`` with keys in a PKCS#11 token."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pkcs11
import pytest
from click.testing import CliRunner, Result

from flinksec_jobs.cli import main
from flinksec_jobs.sealed import KeyRing, TokenKeys, verify_file
from tests.unit.sealed.softhsm import MODULE, PIN, SoftToken


def run(*arguments: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner(env=env).invoke(main, ["state", *map(str, arguments)])


@pytest.fixture
def job(tmp_path: Path, seal: Callable[[str, bytes], Path]) -> Path:
    """A checkpoint of two files, under the ring's key ``k1``."""
    seal("job/chk-1/_metadata", b"metadata")
    seal("job/chk-1/part", b"x" * 40_000)
    return tmp_path / "job"


@pytest.fixture
def moved(job: Path, ring: KeyRing, token: SoftToken) -> Path:
    """The same, under the token's key ``t1``."""
    result = run("rekey", "--keys", token.uri("t1"), "--keys", ring.directory, job)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "2 files: 2 re-wrapped; primary key 't1'\n"
    return job


def test_every_command_works_with_the_token(
    moved: Path, token: SoftToken, tmp_path: Path, ring: KeyRing
) -> None:
    uri = token.uri()
    verified = run("verify", "--keys", uri, moved)
    assert (verified.exit_code, verified.stdout.splitlines()[-1]) == (0, "2 files: 2 whole")
    listed = run("ls", "--keys", uri, moved).stdout
    assert "sealed  8       t1" in listed
    shown = json.loads(run("info", "--keys", uri, moved, "--json").stdout)["files"]
    assert [file["key_ids"] for file in shown] == [["t1"], ["t1"]]
    assert run("cat", "--keys", uri, moved / "chk-1" / "part").stdout == "x" * 40_000
    manifest = run("manifest", "--keys", uri, moved, "-o", tmp_path / "list")
    assert manifest.exit_code == 0, manifest.stderr
    assert run("verify", "--keys", uri, "--manifest", tmp_path / "list", moved).exit_code == 0
    without = run("verify", "--keys", ring.directory, moved)
    assert without.exit_code == 1
    assert "key 't1' is not in the key ring" in without.stdout


def test_files_move_back_into_the_ring(moved: Path, ring: KeyRing, token: SoftToken) -> None:
    back = run("rekey", "--keys", ring.directory, "--keys", token.uri(), moved)
    assert back.stdout == "2 files: 2 re-wrapped; primary key 'k1'\n"
    assert verify_file(moved / "chk-1" / "part", ring).whole
    opens_only = run("rekey", "--keys", token.uri(), "--keys", ring.directory, moved)
    assert opens_only.exit_code == 1
    assert "no key is named for new files" in opens_only.stderr


def test_the_settings_of_a_job_name_the_keys(
    moved: Path, ring: KeyRing, token: SoftToken, tmp_path: Path
) -> None:
    lines = [f'{name} = "{value}"' for name, value in token.settings("t1").items()]
    settings = tmp_path / "job.toml"
    settings.write_text("\n".join([f'[state]\ndirectory = "{moved}"\n[state.pkcs11]', *lines]))
    assert run("verify", "--settings", settings, moved).exit_code == 0
    both = run("verify", "--settings", settings, "--keys", ring.directory, moved)
    assert "do not go together" in both.stderr
    # The environment of the job adds the ring; without a primary key the token only opens.
    env = {"FLINKSEC_STATE__KEYS": str(ring.directory), "FLINKSEC_STATE__PKCS11__PRIMARY": ""}
    back = run("rekey", "--settings", settings, moved, env=env)
    assert back.stdout == "2 files: 2 re-wrapped; primary key 'k1'\n", back.stderr


def test_keys_are_listed_and_added_in_a_token(token: SoftToken, moved: Path) -> None:
    added = run("keys", "add", token.uri(), "t2")
    assert added.exit_code == 0, added.stderr
    assert added.stdout == (
        f"made the key 't2' in the token 'state' ({MODULE}): it cannot be read out of it\n"
    )
    assert 'state.pkcs11.primary = "t2"' in added.stderr
    with token.session() as session:
        assert session.get_key(label="t2")[pkcs11.Attribute.EXTRACTABLE] is False
    assert run("keys", "list", token.uri("t2"), moved).stdout.splitlines() == [
        "t1           2 files",
        "t2  primary  0 files",
    ]
    listed = json.loads(run("keys", "list", token.uri(), "--json").stdout)
    assert listed["token"] == f"token 'state' ({MODULE})"
    assert [(key["id"], key["primary"]) for key in listed["keys"]] == [
        ("t1", False),
        ("t2", False),
    ]


def test_what_does_not_apply_to_a_token_says_what_does(token: SoftToken, moved: Path) -> None:
    init = run("keys", "init", token.uri())
    assert (init.exit_code, "initialised by its maker's tools" in init.stderr) == (1, True)
    use = run("keys", "use", token.uri(), "t1")
    assert 'set state.pkcs11.primary = "t1"' in use.stderr
    needed = run("keys", "retire", token.uri(), "t1", moved)
    assert "2 files still need the key 't1'" in needed.stderr
    TokenKeys.add(token.address, "t2")
    unneeded = run("keys", "retire", token.uri(), "t2", moved)
    assert unneeded.exit_code == 1
    assert "was not deleted" in unneeded.stderr
    assert "no file under PATHS needs it" in unneeded.stderr
    assert "pkcs11-tool --delete-object --type secrkey --label t2" in unneeded.stderr
    assert "t2" in run("keys", "list", token.uri()).stdout


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("pkcs11:token=state?module-path=/m&pin-value=secret-77", "it holds the PIN itself"),
        ("pkcs11:token=state?pin-source=file:/pin", "it lacks module-path"),
        ("pkcs11:token=state?module-path=/m", "it lacks pin-source"),
        ("pkcs11:object=k?module-path=/m&pin-source=file:/pin", "it lacks token"),
        ("pkcs11:token=s?module-path=/m&pin-source=secret-77", "its pin-source is not a file"),
        ("pkcs11:slot-id=x?module-path=/m&pin-source=/pin", "its slot-id is not a number"),
        ("pkcs11:token=s;type=cert?module-path=/m&pin-source=/pin", "its type is not secret-key"),
        (
            "pkcs11:token=s;serial=secret-77?module-path=/m",
            "it has an attribute that is not supported",
        ),
    ],
)
def test_a_uri_that_cannot_be_used_is_explained(tmp_path: Path, uri: str, problem: str) -> None:
    result = run("ls", "--keys", uri, tmp_path)
    assert result.exit_code == 1
    assert f"the PKCS#11 URI cannot be used: {problem}" in result.stderr
    assert "secret-77" not in result.output


def test_a_label_with_spaces_and_a_slot_are_found(tmp_path: Path, token: SoftToken) -> None:
    spaced = SoftToken.make(tmp_path, "my token")
    uri = f"pkcs11:token=my%20token?module-path={MODULE}&pin-source=file:{spaced.pin}"
    assert run("keys", "add", uri.replace(" ", "%20"), "s1").exit_code == 0
    slots = pkcs11.lib(str(MODULE)).get_slots(token_present=True)
    [slot] = [s.slot_id for s in slots if s.get_token().label == "my token"]
    by_slot = f"pkcs11:slot-id={slot}?module-path={MODULE}&pin-source=file:{token.pin}"
    assert run("keys", "list", by_slot).stdout == "s1\n"


def test_no_pin_is_ever_printed(
    token: SoftToken, moved: Path, ring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = f"{token.uri('t1')}x".replace("file:", "file:/absent")
    for uri in (token.uri("t1"), token.uri("absent"), wrong, f"{token.uri()}&pin-value={PIN}"):
        for command in (
            ["ls", "--keys", uri, moved],
            ["info", "--keys", uri, moved, "--json"],
            ["verify", "--keys", uri, moved],
            ["cat", "--keys", uri, moved / "chk-1" / "_metadata"],
            ["rekey", "--keys", uri, "--keys", ring.directory, moved, "--json"],
            ["keys", "init", uri],
            ["keys", "use", uri, "t1"],
            ["keys", "list", uri],
            ["keys", "add", uri, "t1"],
            ["keys", "retire", uri, "t1", moved],
        ):
            result = run(*command)
            assert PIN not in result.output + str(result.exception), command
    assert PIN not in caplog.text


def test_a_wrong_pin_ends_a_command_with_the_file_that_holds_it(
    token: SoftToken, moved: Path
) -> None:
    token.pin.write_text("wrong-pin-3141")
    result = run("verify", "--keys", token.uri(), moved)
    assert result.exit_code == 1
    assert f"pin-source ({token.pin}) does not hold its user PIN" in result.stderr
    assert "wrong-pin-3141" not in result.output
