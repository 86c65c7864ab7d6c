# SPDX-License-Identifier: Apache-2.0
"""``[state.pkcs11]``: a table within a section, from files, variables and arguments."""

from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.key_providers.pkcs11 import Pkcs11Settings
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.decides import options_of
from flinksec_jobs.settings import Settings, StateSettings, load_settings

TOKEN = {"module": "/usr/lib/hsm.so", "token": "flink state", "pin": "file:/etc/pin"}


def loaded(environ: dict[str, str] | None = None, **token: Any) -> Settings:
    table = {"directory": "/mnt/state", "pkcs11": {**TOKEN, **token}}
    return load_settings(overrides={"state": table}, environ=environ or {})


def refused(**token: Any) -> str:
    with pytest.raises(SettingsError) as error:
        loaded(**token)
    return error.value.message


def test_a_file_names_the_token_relative_to_itself(tmp_path: Path) -> None:
    file = tmp_path / "job.toml"
    file.write_text(
        '[state]\ndirectory = "state"\n[state.pkcs11]\nmodule = "hsm.so"\ntoken = "t"\n'
        'pin = "file:pin"\nprimary = "k-1"\n'
    )
    settings = load_settings(file, environ={"FLINKSEC_STATE__PKCS11__TOKEN": "other"})
    found = settings.need(StateSettings).pkcs11
    assert found is not None
    assert found.module == tmp_path / "hsm.so"
    assert found.pin.path == tmp_path / "pin"
    assert (found.token, found.primary, found.slot) == ("other", "k-1", None)
    assert settings.origin("state.pkcs11.token") == "FLINKSEC_STATE__PKCS11__TOKEN"
    assert settings.origin("state.pkcs11.module") == str(file)
    assert settings.dump()["state"]["pkcs11"]["pin"] == f"<SECRET file:{tmp_path / 'pin'}>"


def test_variables_alone_name_a_token() -> None:
    variables = {
        "FLINKSEC_STATE__DIRECTORY": "/mnt/state",
        "FLINKSEC_STATE__PKCS11__MODULE": "/m.so",
        "FLINKSEC_STATE__PKCS11__SLOT": "7",
        "FLINKSEC_STATE__PKCS11__PIN": "file:/pin",
        "FLINKSEC_STATE__PKCS11__PRIMARY": "k",
    }
    found = load_settings(environ=variables).need(StateSettings).pkcs11
    assert found is not None
    assert (found.module, found.slot, found.primary) == (Path("/m.so"), 7, "k")


def test_a_model_is_taken_as_a_table() -> None:
    model = Pkcs11Settings(**TOKEN, primary="k")  # type: ignore[arg-type]
    table = {"directory": "/mnt/state", "pkcs11": model}
    found = load_settings(overrides={"state": table}, environ={}).need(StateSettings).pkcs11
    assert found == model


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ({"primary": "k", "slot": 1}, "state.pkcs11.slot (argument): is given beside token"),
        ({"primary": "k", "token": None}, "state.pkcs11.token (argument): is missing: give"),
        ({"primary": "../k"}, "state.pkcs11.primary (argument): must be a key id"),
        ({"primary": "k", "token": "x" * 33}, "state.pkcs11.token (argument): must be a token's"),
        ({"primary": "k", "pin": "314159"}, "state.pkcs11.pin (argument): is not a reference"),
        ({"primary": "k", "tokn": "t"}, "unknown setting, did you mean state.pkcs11.token?"),
        ({"primary": "k", "zzz": "t"}, "unknown setting; [state.pkcs11] has module, token, slot"),
        ({}, "state.pkcs11.primary (argument): is missing: name the key that seals new"),
        ({"primary": "k", "pin": None}, "state.pkcs11.pin (argument): "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(token: dict[str, Any], problem: str) -> None:
    message = refused(**token)
    assert problem in message
    assert "314159" not in message


def test_a_lone_table_says_what_it_lacks() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(overrides={"state": {"directory": "/s", "pkcs11": {}}}, environ={})
    assert "state.pkcs11.module (argument): is missing. The PKCS#11 library" in str(error.value)
    with pytest.raises(SettingsError, match=r"state.pkcs11 \(argument\): must be a table"):
        load_settings(overrides={"state": {"directory": "/s", "pkcs11": "hsm"}}, environ={})


def test_sealed_state_needs_a_ring_or_a_token() -> None:
    with pytest.raises(SettingsError, match=r"or a token under \[state.pkcs11\]"):
        load_settings(overrides={"state": {"directory": "/s"}}, environ={})


def test_flink_gets_flat_options_and_the_path_of_the_pin(tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.touch(0o600)
    pin.write_text("314159")
    settings = loaded(pin=f"file:{pin}", primary="k-1").need(StateSettings)
    options = options_of(settings)
    assert {name: value for name, value in options.items() if ".pkcs11." in name} == {
        "flinksec.sealed.pkcs11.module": "/usr/lib/hsm.so",
        "flinksec.sealed.pkcs11.token": "flink state",
        "flinksec.sealed.pkcs11.pin-source": str(pin),
        "flinksec.sealed.pkcs11.primary": "k-1",
    }
    assert "flinksec.sealed.keys" not in options
    assert "314159" not in str(options)
    by_slot = loaded(token=None, slot=0, primary="k").need(StateSettings)
    assert options_of(by_slot)["flinksec.sealed.pkcs11.slot"] == "0"


def test_flink_s_own_names_of_it_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"use state.pkcs11.pin"):
        load_settings(
            overrides={"flink": {"flinksec.sealed.pkcs11.pin-source": "/pin"}}, environ={}
        )


def test_the_module_and_the_pin_are_checked_without_a_login(tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.touch(0o604)
    pin.write_text("314159")
    settings = load_settings(
        overrides={
            "state": {
                "directory": str(tmp_path / "state"),
                "pkcs11": {**TOKEN, "pin": f"file:{pin}", "primary": "k"},
            }
        },
        environ={},
    )
    module, exposed = check_files(settings)
    assert module.id == "token-module-unusable"
    assert "state.pkcs11.module /usr/lib/hsm.so cannot be read" in str(module)
    assert exposed.id == "secret-unusable"
    assert "too widely open (mode 0604)" in str(exposed)
    assert "314159" not in f"{module}{exposed}"
    fine = tmp_path / "module.so"
    fine.touch()
    pin.chmod(0o400)
    checked = settings.model_copy(
        update={
            "state": settings.need(StateSettings).model_copy(
                update={
                    "pkcs11": Pkcs11Settings(
                        module=fine, token="t", pin=SecretFile(pin), primary="k"
                    )
                }
            )
        }
    )
    assert check_files(checked) == []
    pin.write_text("")
    (empty,) = check_files(checked)
    assert (empty.id, empty.where.setting) == ("secret-unusable", "state.pkcs11.pin")
    assert "is empty" in empty.why
