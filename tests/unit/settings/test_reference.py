# SPDX-License-Identifier: Apache-2.0
import pytest

from flinksec_jobs.settings import reference, schema


def test_every_setting_says_what_it_means() -> None:
    for entry in reference.entries():
        assert entry.meaning.endswith("."), entry.name
        assert entry.kind


@pytest.mark.parametrize(
    ("name", "kind", "default"),
    [
        ("kerberos.keytab", "secret, file:/path", ""),
        ("kerberos.krb5_conf", "path", "/etc/krb5.conf"),
        ("kafka.bootstrap_servers", "list of text", "required"),
        ("kafka.client_key", "secret, file:/path", ""),
        ("kafka.transaction_timeout", "duration", "15 min"),
        ("kafka.properties", "table", ""),
        ("elasticsearch.verification", "full, certificate, fingerprint, none", "full"),
        ("hdfs.replication", "whole number", ""),
        ("state.directory", "path or URI", "required"),
        ("state.sealed", "true, false", "true"),
        ("job.parallelism", "whole number", "1"),
        ("flink", "table", ""),
    ],
)
def test_the_reference_tells_kind_and_default(name: str, kind: str, default: str) -> None:
    entry = next(entry for entry in reference.entries() if entry.name == name)
    assert (entry.kind, entry.default) == (kind, default)


def test_every_setting_has_a_variable_of_its_own() -> None:
    variables = [setting.variable for setting in schema.settings()]
    assert len(set(variables)) == len(variables)
    assert "FLINKSEC_KAFKA__SECURITY_PROTOCOL" in variables
