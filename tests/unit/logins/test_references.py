# SPDX-License-Identifier: Apache-2.0
"""References to secrets in Kafka's properties; that Kafka follows them is asked in a JVM."""

from pathlib import Path

import pytest

from flinksec_jobs.errors import FlinkSecError, SecretError, SettingsError
from flinksec_jobs.logins import references
from flinksec_jobs.secrets import SecretFile


def secret(directory: Path, content: bytes) -> SecretFile:
    path = directory / "password"
    path.touch(mode=0o600)
    path.write_bytes(content)
    return SecretFile(path)


def test_clients_may_read_the_directories_of_the_secrets_and_no_others(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    files = {
        "a": secret(tmp_path / "one", b"a"),
        "b": secret(tmp_path / "other", b"b"),
        "c": SecretFile(tmp_path / "one" / "password"),
    }
    made = references.providers(files, "org.apache.kafka.")
    assert made == {
        "config.providers": "directory",
        "config.providers.directory.class": "org.apache.kafka.common.config.provider."
        "DirectoryConfigProvider",
        "config.providers.directory.param.allowed.paths": f"{tmp_path}/one,{tmp_path}/other",
    }


def test_a_password_that_the_clients_would_misread_gets_no_reference(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="ends with a line break"):
        references.providers({"kafka.password": secret(tmp_path, b"canary\n")}, "p.")


def test_without_secrets_no_reference_is_followed() -> None:
    assert references.providers({}, "p.") == {}


@pytest.mark.parametrize("path", ["/a:b/c", "/a/b}c", "/a,b/c", "/a/${c", '/a/"c', "/a/b\\c"])
def test_a_path_that_cannot_stand_in_a_reference_is_refused_by_its_setting(path: str) -> None:
    with pytest.raises(SettingsError, match=r"^kafka.password: Kafka's clients cannot read"):
        references.reference(SecretFile(Path(path)), "kafka.password")


def test_a_password_that_stands_whole_in_quotes_is_taken(tmp_path: Path) -> None:
    references.check(secret(tmp_path, "p ä$'{};=#ß".encode()), "kafka.password")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"canary\n", "ends with a line break"),
        (b'canary" other="x', "holds a quote, a backslash"),
        (b"canary\\", "holds a quote, a backslash"),
        (b"canary\nx", "holds a quote, a backslash or a control"),
        (b"canary\xff", "is not UTF-8"),
        (b"", "is empty"),
    ],
)
def test_a_password_that_would_be_taken_for_something_else_is_refused_and_not_shown(
    tmp_path: Path, content: bytes, why: str
) -> None:
    with pytest.raises(SecretError) as caught:
        references.check(secret(tmp_path, content), "kafka.password")
    assert caught.value.message.startswith("kafka.password (file:/")
    assert why in caught.value.message
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_file_that_is_not_there_is_told() -> None:
    with pytest.raises(FlinkSecError, match="cannot be read"):
        references.check(SecretFile(Path("/nonexistent/password")), "kafka.password")
