# SPDX-License-Identifier: Apache-2.0
"""A new kind of key provider is one file: everything else knows it when the file is there."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import key_providers, registry
from flinksec_jobs.key_providers import Seals
from flinksec_jobs.settings import schema

FACTS = Path(__file__).with_name("facts.py")
ROOT = FACTS.parents[3]


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process says in which the toy is one of the kinds."""
    top = tmp_path_factory.mktemp("toy")
    run = subprocess.run(
        [sys.executable, str(FACTS), str(top)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return {**found, "top": str(top)}


def test_the_settings_take_its_section_from_files_and_variables(facts: dict[str, Any]) -> None:
    assert facts["variable"] == {"token": f"<SECRET file:{facts['top']}/token>", "key": "t2"}
    assert facts["reference"] == ["state.toy.token", "state.toy.key"]
    assert "unknown setting, did you mean state.toy.key?" in facts["unknown"]


def test_sealed_state_may_do_with_it_alone(facts: dict[str, Any]) -> None:
    assert facts["alone"] == "service of a test"
    assert "or a toy under [state.toy]" in facts["no keys"]
    assert "state.toy.key (argument): is missing" in facts["no key for new files"]


def test_it_seals_before_a_key_ring_and_not_beside_another_that_is_to_seal(
    facts: dict[str, Any],
) -> None:
    assert facts["primary of both"] == "t1"
    assert facts["ids of both"] == ["k1", "t1"]
    assert (
        "state.toy.key (argument): is given beside state.pkcs11.primary"
        in (facts["two keys for new files"])
    )


def test_flink_is_told_its_options_and_nobody_else_may_tell_them(facts: dict[str, Any]) -> None:
    assert facts["config"] == {
        "flinksec.sealed.cipher": "jdk",
        "flinksec.sealed.job": "flink",
        "flinksec.sealed.toy.key": "t1",
        "flinksec.sealed.toy.token": f"{facts['top']}/token",
    }
    assert "has a setting of its own: use state.toy.key" in facts["refused in flink"]


def test_a_configuration_that_names_it_is_not_without_keys(facts: dict[str, Any]) -> None:
    assert "seal-without-keys" in facts["problems without"]
    assert "seal-without-keys" not in facts["problems with"]


def test_its_files_are_checked(facts: dict[str, Any]) -> None:
    assert facts["files"] == []
    assert facts["exposed"] == ["secret-unusable state.toy.token"]


def test_its_secrets_must_be_on_a_secret_in_manifests(facts: dict[str, Any]) -> None:
    assert facts["on a Secret"] == []
    [place] = facts["on a ConfigMap"]
    assert "flinksec.sealed.toy.token = /etc/toy/token" in place


def test_the_commands_do_what_it_can(facts: dict[str, Any]) -> None:
    assert "A toy is named by toy:KEY@/path" in facts["help"]
    assert facts["init"] == "made the toy with 't1'\nlook after it\n"
    assert facts["add"] == "added 't3' primary=False\n"
    assert facts["use"] == "error: a toy has one key\nhint: forget 't1'\n"
    assert facts["rekey"] == "1 file: 1 re-wrapped; primary key 't1'\n"
    assert facts["slot"] == "j"
    assert facts["list"] == "t1  primary  1 files\n"
    assert "1 file still needs the key 't1'" in facts["retire"]
    assert facts["verify"].endswith("1 file: 1 whole\n")
    assert "key 't1' is not in the key ring" in facts["verify without"]


def test_the_kinds_are_the_files_of_the_package() -> None:
    assert len(key_providers.kinds()) == len(registry.names(key_providers))
    assert {"keys", "pkcs11"} <= {kind.setting for kind in key_providers.kinds()}
    assert {
        "flinksec.sealed.keys",
        "flinksec.sealed.pkcs11.module",
        "flinksec.sealed.pkcs11.token",
        "flinksec.sealed.pkcs11.slot",
        "flinksec.sealed.pkcs11.pin-source",
        "flinksec.sealed.pkcs11.primary",
    } <= set(key_providers.flink_options())
    for kind in key_providers.kinds():
        assert kind.naming in key_providers.flink_options()


def test_keytab_keys_and_pin_are_the_secrets_that_flink_s_options_name() -> None:
    assert {
        "security.kerberos.login.keytab",
        "flinksec.sealed.keys",
        "flinksec.sealed.pkcs11.pin-source",
    } <= set(schema.secret_options())


def test_a_key_ring_seals_unless_another_is_to() -> None:
    (ring,) = (kind for kind in key_providers.kinds() if kind.setting == "keys")
    assert ring.seals(Path("/keys")) is Seals.UNLESS_ANOTHER
