# SPDX-License-Identifier: Apache-2.0
"""What settings cannot be loaded from, and the way out that is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import (
    Settings,
)
from tests.unit.settings.layers import read


def test_a_secret_written_into_a_file_is_refused_and_not_taken_for_a_path(
    write_toml: Callable[[str], Path],
) -> None:
    path = write_toml('[kerberos]\nprincipal = "a@R"\nkeytab = "hunter2"')
    with pytest.raises(SettingsError, match=r"kerberos.keytab.*not a reference") as caught:
        read(path)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[kafka]\nsecurity_protocl = "SSL"', "did you mean kafka.security_protocol?"),
        ('[kafak]\ngroup_id = "a"', r"unknown section, did you mean \[kafka\]?"),
        ('ca_certs = "/a"', "did you mean kafka.ca_certs or elasticsearch.ca_certs?"),
        ('[job]\nkeytab = "/a"', "did you mean kerberos.keytab?"),
        ("[python]\nxyz = 1", r"\[python\] has execution_mode"),
        ("[xyz]", "there are kerberos, kafka, elasticsearch"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_right_one(
    write_toml: Callable[[str], Path], text: str, message: str
) -> None:
    path = write_toml(text)
    with pytest.raises(SettingsError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("FLINKSEC_KAFKA__CA_CERT", "did you mean FLINKSEC_KAFKA__CA_CERTS?"),
        ("FLINKSEC_SETINGS", "did you mean FLINKSEC_SETTINGS?"),
        ("FLINKSEC_KAFKA", "names a section: write FLINKSEC_KAFKA__"),
        ("FLINKSEC_KAFKA__", "sets no setting"),
        ("FLINKSEC_FLINK__", "sets no setting"),
        ("FLINKSEC_KAFKA__CA_CERTS__X", "sets no setting"),
        ("FLINKSEC_", "sets no setting"),
        ("FLINKSEC_ZZZZ", "remove it"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_right_one(
    variable: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        read(environ={variable: "hunter2"})
    assert variable in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "variable",
    [
        "FLINKSEC_CACHE",
        "FLINKSEC_JARS_DIR",
        "FLINKSEC_MAVEN_MIRROR",
        "FLINKSEC_LOG_DIR",
        "FLINKSEC_LOG_FILE",
        "FLINKSEC_WYCHEPROOF",
        "FLINKSECRET",
        "PATH",
    ],
)
def test_other_variables_are_left_alone(variable: str) -> None:
    assert read(environ={variable: "/x"}) == Settings()


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("FLINKSEC_FLINK", "{"),
        ("FLINKSEC_FLINK", "[1]"),
        ("FLINKSEC_KAFKA__PROPERTIES", "a=b"),
        ("FLINKSEC_KAFKA__BOOTSTRAP_SERVERS", "[a"),
    ],
)
def test_a_variable_that_is_not_json_is_refused(variable: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable}: must be a"):
        read(environ={variable: text})


def test_one_error_lists_every_problem_with_its_origin(write_toml: Callable[[str], Path]) -> None:
    path = write_toml('[hdfs]\nreplication = "x"\n[kafka]\nbootstrap_servers = ["a"]\n[foo]')
    environ = {"FLINKSEC_KAFKA__SECURITY_PROTOCOL": "SASL_SLS", "FLINKSEC_BAR": "1"}
    with pytest.raises(SettingsError) as caught:
        read(path, environ, job={"parallelism": 0})
    assert caught.value.message.splitlines() == [
        "7 settings cannot be used:",
        "  FLINKSEC_BAR: sets no setting: remove it",
        f"  kafka.bootstrap_servers[0] ({path}): must be host:port, such as "
        "kafka-0.example.com:9092; found 'a'",
        "  kafka.security_protocol (FLINKSEC_KAFKA__SECURITY_PROTOCOL): must be 'SASL_SSL', "
        "'SSL', 'SASL_PLAINTEXT' or 'PLAINTEXT'; found 'SASL_SLS', did you mean 'SASL_SSL'?",
        f"  hdfs.uri ({path}): is missing. The file system, such as "
        "hdfs://namenode.example.com:8020.",
        f"  hdfs.replication ({path}): must be a whole number; found 'x'",
        "  job.parallelism (argument): must be greater than or equal to 1; found 0",
        f"  foo ({path}): unknown section; there are kerberos, kafka, elasticsearch, hdfs, "
        "schema_registry, state, python, job, sql, cluster, flink",
    ]
    assert caught.value.hint == "`flinksec settings reference` lists every setting"


@pytest.mark.parametrize("text", ["[kafka\n", "a = \n", "a = hunter2\n"])
def test_a_file_that_is_not_toml_is_refused_with_the_line(
    write_toml: Callable[[str], Path], text: str
) -> None:
    path = write_toml(text)
    with pytest.raises(SettingsError, match=r"job.toml is not TOML: .*line 1") as caught:
        read(path)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_an_option_has_named_is_not_said_to_come_from_a_variable(
    write_toml: Callable[[str], Path],
) -> None:
    path = write_toml("[kafka")
    with pytest.raises(SettingsError) as caught:
        read(environ={"FLINKSEC_SETTINGS": str(path)})
    assert caught.value.message.startswith(f"the settings file {path} is not TOML: ")


def test_a_file_that_is_not_text_is_refused(write_toml: Callable[[str], Path]) -> None:
    path = write_toml("")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is UTF-16 text"):
        read(path)


def test_a_file_that_cannot_be_read_is_named_with_who_named_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent.toml cannot be read: no such file"):
        read(tmp_path / "absent.toml")
    with pytest.raises(SettingsError, match=r"file of FLINKSEC_SETTINGS .*absent cannot"):
        read(environ={"FLINKSEC_SETTINGS": str(tmp_path / "absent")})


def test_what_flink_may_not_be_told_is_told_beside_other_problems(
    write_toml: Callable[[str], Path],
) -> None:
    path = write_toml(
        "[job]\nparallelism = 0\n[flink]\n"
        '"state.backend" = "forst"\n"s3.secret-key" = "hunter2"\n"rest.port" = 8081'
    )
    with pytest.raises(SettingsError, match="3 settings cannot be used") as caught:
        read(path)
    found = [one.where.setting for one in caught.value.findings]
    assert found == ["job.parallelism", "flink.state.backend", "flink.s3.secret-key"]
    assert {one.where.origin for one in caught.value.findings} == {str(path)}
    assert "hunter2" not in str(caught.value)
