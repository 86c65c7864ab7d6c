# SPDX-License-Identifier: Apache-2.0
"""Key stores that Java's own keytool makes are read as Java reads them."""

import subprocess
from pathlib import Path

import pytest

from flinksec_jobs import tls, tls_files
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.settings import KafkaSettings, load_settings
from tests.tables.conftest import tool

PASSWORD = "canary p"
STORES = ("JKS", "PKCS12")


def keytool(*arguments: str | Path) -> bytes:
    command = [tool("keytool"), "-J-Xshare:auto", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def secret(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def store(directory: Path, kind: str, name: str) -> Path:
    """A store with a key, closed by the password."""
    path = directory / f"{name}.{kind}"
    password = secret(directory / "password", PASSWORD)
    keytool("-genkeypair", "-alias", name, "-dname", f"CN={name}", "-keyalg", "EC", "-storetype",
            kind, "-keystore", path, "-storepass:file", password, "-keypass:file", password,
            "-validity", "60")  # fmt: skip
    path.chmod(0o600)
    return path


def kafka_of(directory: Path, **options: object) -> KafkaSettings:
    section = {"bootstrap_servers": ["a:1"], "security_protocol": "SSL", **options}
    return load_settings(overrides={"kafka": section}, environ={}).need(KafkaSettings)


@pytest.mark.parametrize("kind", STORES)
def test_a_key_in_a_store_is_the_one_that_java_put_there(tmp_path: Path, kind: str) -> None:
    path = store(tmp_path, kind, "flink")
    options = {"client_cert": path, "client_key_password": f"file:{tmp_path}/password"}
    found = tls_files.identity(kafka_of(tmp_path, **options), "kafka")
    exported = keytool("-exportcert", "-alias", "flink", "-keystore", path, "-storepass:file",
                       tmp_path / "password", "-rfc")  # fmt: skip
    assert (
        found.chain[0]
        == tls.load_certificates(secret(tmp_path / "exported.pem", exported.decode()), "it")[0]
    )
    assert tls.belongs_to(found.key, found.chain[0])
    with tls_files.as_pem_files(kafka_of(tmp_path, **options), "kafka") as files:
        assert files.client_key is not None
        assert files.client_key.stat().st_mode & 0o777 == 0o600
        assert b"BEGIN PRIVATE KEY" in files.client_key.read_bytes()
    assert not files.client_key.exists()
    wrong = secret(tmp_path / "wrong", "canary other")
    with pytest.raises(FlinkSecError, match="client_key_password") as caught:
        tls_files.identity(
            kafka_of(tmp_path, client_cert=path, client_key_password=f"file:{wrong}"), "kafka"
        )
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("kind", STORES)
def test_an_authority_in_a_store_is_trusted_and_a_key_of_ones_own_is_not(
    tmp_path: Path, kind: str
) -> None:
    exported = keytool("-exportcert", "-alias", "ca", "-keystore", store(tmp_path, kind, "ca"),
                       "-storepass:file", tmp_path / "password", "-rfc")  # fmt: skip
    pem = secret(tmp_path / "ca.pem", exported.decode())
    trusting = tmp_path / f"trusting.{kind}"
    keytool("-importcert", "-noprompt", "-alias", "ca", "-file", pem, "-storetype", kind,
            "-keystore", trusting, "-storepass:file", tmp_path / "password")  # fmt: skip
    password = f"file:{tmp_path}/password"
    good = kafka_of(tmp_path, ca_certs=trusting, ca_certs_password=password)
    assert tls_files.trusted(good, "kafka") == tls.load_certificates(pem, "it")
    own = kafka_of(tmp_path, ca_certs=store(tmp_path, kind, "own"), ca_certs_password=password)
    with pytest.raises(FlinkSecError, match="holds no trusted certificate"):
        tls_files.trusted(own, "kafka")


def test_what_is_wrong_with_a_store_is_found_before_the_start(tmp_path: Path) -> None:
    path = store(tmp_path, "JKS", "flink")

    def found(**options: object) -> list[str]:
        section = {"bootstrap_servers": ["a:1"], "security_protocol": "SSL", **options}
        settings = load_settings(overrides={"kafka": section}, environ={})
        return [str(one) for one in check_files(settings, sections={"kafka"})]

    password = f"file:{tmp_path}/password"
    assert found(client_cert=path, client_key_password=password) == []
    damaged = secret(tmp_path / "damaged", "")
    damaged.write_bytes(path.read_bytes()[:-9])
    (told,) = found(client_cert=damaged, client_key_password=password)
    assert told.startswith(f"kafka.client_cert {damaged}")
    (told,) = found(client_cert=path, client_key=f"file:{path}", client_key_password=password)
    assert "kafka.client_key has no effect" in told
    (told,) = found(ca_certs=path)
    assert "kafka.ca_certs_password is missing" in told
    path.chmod(0o644)
    (told,) = found(client_cert=path, client_key_password=password)
    assert "too widely open" in told


def test_what_python_opens_and_java_does_not_is_found_before_the_start(tmp_path: Path) -> None:
    def found(**options: object) -> list[str]:
        section = {"bootstrap_servers": ["a:1"], "security_protocol": "SSL", **options}
        settings = load_settings(overrides={"kafka": section}, environ={})
        return [str(one) for one in check_files(settings, sections={"kafka"})]

    password = f"file:{tmp_path}/password"
    two = store(tmp_path, "PKCS12", "one")
    assert found(client_cert=two, client_key_password=password) == []
    store(tmp_path, "PKCS12", "another").replace(tmp_path / "another")
    keytool("-importkeystore", "-srckeystore", tmp_path / "another", "-destkeystore", two,
            "-srcstorepass:file", tmp_path / "password", "-deststorepass:file",
            tmp_path / "password")  # fmt: skip
    (told,) = found(client_cert=two, client_key_password=password)
    assert "holds 2 private keys, and must hold one" in told

    pair = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=flink",
            "-days", "60", "-keyout", "key.pem", "-out", "cert.pem"]  # fmt: skip
    subprocess.run(pair, check=True, capture_output=True, cwd=tmp_path)
    given = {"client_cert": tmp_path / "cert.pem", "client_key_password": password}
    encrypting = ["openssl", "pkcs8", "-topk8", "-in", "key.pem"]
    for kind, command, problem in (
        ("pbkdf2", [*encrypting, "-v2", "aes-256-cbc"], ""),
        ("scrypt", [*encrypting, "-scrypt"], "is encrypted with scrypt, which Java lacks"),
        ("own", ["openssl", "rsa", "-traditional", "-aes256", "-in", "key.pem"], "own way"),
    ):
        key = secret(tmp_path / f"{kind}.pem", "")
        subprocess.run(
            [*command, "-passout", f"file:{tmp_path}/password", "-out", str(key)],
            check=True, capture_output=True, cwd=tmp_path,
        )  # fmt: skip
        told = " ".join(found(client_key=f"file:{key}", **given))
        assert (problem in told) if problem else (told == "")
    nothing = secret(tmp_path / "nothing", "\n")
    (told,) = found(client_cert=two, client_key_password=f"file:{nothing}")
    assert "kafka.client_key_password (file:" in told and ") is empty" in told
