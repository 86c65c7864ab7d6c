# SPDX-License-Identifier: Apache-2.0
"""The texts of ``sasl.jaas.config``: quoted, by reference, and of one login module."""

from pathlib import Path

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.logins import jaas
from flinksec_jobs.logins.sasl import gssapi
from flinksec_jobs.secrets import SecretFile


def test_kerberos_logs_in_by_keytab_and_nothing_else() -> None:
    assert gssapi.by_keytab(Path("/etc/flink.keytab"), "flink@EXAMPLE.COM") == (
        "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true "
        'useTicketCache=false doNotPrompt=true keyTab="/etc/flink.keytab" '
        'principal="flink@EXAMPLE.COM";'
    )


def test_what_a_path_may_hold_is_quoted() -> None:
    config = gssapi.by_keytab(Path('/a "b"; evil=1\\c'), "a@R")
    assert r'keyTab="/a \"b\"; evil=1\\c"' in config


@pytest.mark.parametrize("path", ["/a\nb", "/a${file:/etc/passwd:b}"])
def test_what_would_be_read_as_something_else_is_refused_by_its_setting(path: str) -> None:
    with pytest.raises(SettingsError, match=r"^kerberos.keytab holds "):
        gssapi.by_keytab(Path(path), "a@R")


def test_a_secret_stands_by_reference() -> None:
    text = jaas.login_module("a.B", {"password": SecretFile(Path("/etc/kafka/password"))})
    assert text == 'a.B required password="${directory:/etc/kafka:password}";'
