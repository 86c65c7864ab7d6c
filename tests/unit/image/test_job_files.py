# SPDX-License-Identifier: Apache-2.0
"""What belongs to a job goes into its image; no secret, no link and nothing odd does."""

import base64
import os
import socket
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from flinksec_jobs.certificates import Identity, Validity, make_authority, name, truststore
from flinksec_jobs.errors import ImageError
from flinksec_jobs.image import job_files

_RSA = rsa.generate_private_key(65537, 2048)
_EC = ec.generate_private_key(ec.SECP256R1())
_PEM, _DER = serialization.Encoding.PEM, serialization.Encoding.DER
_PKCS8, _OWN = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
_OPENSSH = serialization.PrivateFormat.OpenSSH
_PLAIN = serialization.NoEncryption()
_LOCKED = serialization.BestAvailableEncryption(b"secret")
_NOW = datetime.now(UTC)
_CA = make_authority(_RSA, name("CA"), Validity(_NOW, _NOW + timedelta(days=1))).certificate
_ONE_LINE = _EC.private_bytes(_PEM, _PKCS8, _PLAIN).replace(b"\n", b"\\n")
_EC_PEM = _EC.private_bytes(_PEM, _PKCS8, _PLAIN)

SECRETS = {
    "RSA, PKCS#8": _RSA.private_bytes(_PEM, _PKCS8, _PLAIN),
    "RSA, PKCS#1": _RSA.private_bytes(_PEM, _OWN, _PLAIN),
    "EC, encrypted PKCS#8": _EC.private_bytes(_PEM, _PKCS8, _LOCKED),
    "RSA, encrypted as OpenSSL did": _RSA.private_bytes(_PEM, _OWN, _LOCKED),
    "EC, OpenSSH": _EC.private_bytes(_PEM, _OPENSSH, _PLAIN),
    "RSA, PKCS#8 in DER": _RSA.private_bytes(_DER, _PKCS8, _PLAIN),
    "RSA, PKCS#1 in DER": _RSA.private_bytes(_DER, _OWN, _PLAIN),
    "EC in DER": _EC.private_bytes(_DER, _OWN, _PLAIN),
    "EC, encrypted PKCS#8 in DER": _EC.private_bytes(_DER, _PKCS8, _LOCKED),
    "a key after much else": b"x" * (1 << 20) + _EC_PEM,
    "a key across two reads": b"x" * ((1 << 20) - 60) + _EC_PEM,
    "a key in JSON": b'{"private_key": "' + _ONE_LINE + b'"}',
    "a key with lines of Windows": _EC_PEM.replace(b"\n", b"\r\n"),
    "a keytab": b"\x05\x02\x00\x00\x00\x3b" + b"x" * 59,
    "a cache of tickets": b"\x05\x04\x00\x0c",
    "a store of Java": b"\xfe\xed\xfe\xed\x00\x00\x00\x02",
    "PKCS#12 with a key": Identity(_CA, _RSA).pkcs12("secret"),
    "PKCS#12 with certificates": truststore([_CA], "secret"),
    "a manifest with a Secret": b"apiVersion: v1\nkind: Secret\nstringData: {a: b}\n",
    "a Secret with lines of Windows": b"apiVersion: v1\r\nkind: Secret\r\nstringData: {a: b}\r\n",
    "a Secret in a list": b"items:\n- data: {a: Yg==}\n  kind: Secret\nkind: List\n",
    "a Secret in JSON": b'{\n  "data": {"a": "Yg=="},\n  "kind": "Secret",\n  "type": 1}',
    "a Secret in one line": b'{"apiVersion":"v1","kind":"Secret","stringData":{"a":"b"}}',
    "a key of a kubeconfig": b"  user:\n    client-key-data: " + base64.b64encode(_EC_PEM),
    "a key in UTF-16": _EC_PEM.decode().encode("utf-16"),
    "a key of age": b"# public key: age1x\nAGE-SECRET-KEY-1" + b"Q" * 58,
    "a key as JWK": b'{"kty": "OKP", "crv": "Ed25519", "d": "' + b"A" * 43 + b'", "x": "B"}',
    "an access key": b"aws = AKIA" + b"A" * 16,
}


def _refusal(tmp_path: Path, path: Path) -> ImageError:
    (tmp_path / "image").mkdir()
    with pytest.raises(ImageError) as refused:
        job_files.copy(path, tmp_path / "image" / path.name)
    assert refused.value.hint
    return refused.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a job."""
    found = tmp_path / "model"
    (found / "deep").mkdir(parents=True)
    _put(found / "weights.bin", b"\x00" * 32)
    _put(found / "deep" / "names.txt", "a\n")
    return found


def _put(path: Path, content: bytes | str, mode: int = 0o644) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def test_files_and_folders_of_a_job_are_copied_for_every_user(tmp_path: Path, folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / ".git").mkdir()
    _put(folder / "job.py", 'if b"-----BEGIN PRIVATE KEY-----" in key: pass\n', 0o600)
    _put(folder / "issuer.yaml", "kind: Issuer\nspec:\n  ref:\n    kind: Secret\n")
    _put(folder / "public.jwk", '{"kty": "OKP", "crv": "Ed25519", "x": "AAAAAAAAAAAAAAAAAAAAAAA"}')
    _put(folder / "ca.pem", _CA.public_bytes(_PEM))
    _put(folder / "ca.der", _CA.public_bytes(_DER))
    _put(folder / "large.bin", os.urandom(1000) * 3000)
    job_files.copy(folder, tmp_path / "copy")
    copied = {str(p.relative_to(tmp_path / "copy")): p for p in (tmp_path / "copy").rglob("*")}
    assert sorted(copied) == [
        *("ca.der", "ca.pem", "deep", "deep/names.txt", "issuer.yaml", "job.py", "large.bin"),
        *("public.jwk", "weights.bin"),
    ]
    assert copied["large.bin"].read_bytes() == (folder / "large.bin").read_bytes()
    assert {path.stat().st_mode & 0o777 for path in copied.values()} == {0o644, 0o755}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_of_any_name_is_known_by_what_it_holds(
    tmp_path: Path, folder: Path, kind: str
) -> None:
    path = _put(folder / "deep" / "data.bin", SECRETS[kind])
    error = _refusal(tmp_path, folder)
    assert str(path) in error.message
    assert "must not be in an image" in error.message


@pytest.mark.parametrize(
    "name",
    [
        *("a.p12", "a.JKS", "flink.keytab", "a.key", ".env", ".env.production", ".netrc", "id_rsa"),
        *("credentials", "aws-credentials.json", "password", "es-password.txt", "api_key", "token"),
        *(".pypirc", ".git-credentials", "kubeconfig", "krb5cc_1000"),
    ],
)
def test_a_file_of_secrets_is_known_by_its_name(tmp_path: Path, folder: Path, name: str) -> None:
    path = _put(folder / name, "x")
    assert str(path) in _refusal(tmp_path, folder).message


@pytest.mark.parametrize("name", ["token.py", "secretary.csv", "passwords.md", "keys.json"])
def test_a_name_that_only_sounds_like_it_is_fine(tmp_path: Path, folder: Path, name: str) -> None:
    _put(folder / name, "x")
    job_files.copy(folder, tmp_path / "copy")
    assert (tmp_path / "copy" / name).read_text() == "x"


def test_a_private_file_is_refused_with_the_way_out(tmp_path: Path, folder: Path) -> None:
    path = _put(folder / "data.csv", "x", 0o600)
    error = _refusal(tmp_path, folder)
    assert error.message == f"{path} is private (mode 0600), which must not be in an image"
    assert f"chmod 0644 {path}" in str(error.hint)


def test_a_key_ring_is_refused(tmp_path: Path, folder: Path) -> None:
    _put(folder / "primary", "k1")
    (folder / "weights.bin").unlink()
    path = _put(folder / "k1", os.urandom(32))
    assert f"{path} is a key of a key ring" in _refusal(tmp_path, folder).message


def _link_out(folder: Path) -> Path:
    (folder / "link").symlink_to("/etc/hostname")
    return folder / "link"


def _link_within(folder: Path) -> Path:
    (folder / "link").symlink_to("weights.bin")
    return folder / "link"


def _link_to_folder(folder: Path) -> Path:
    (folder / "link").symlink_to("/usr")
    return folder / "link"


def _loop(folder: Path) -> Path:
    (folder / "link").symlink_to("link")
    return folder / "link"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def _socket(folder: Path) -> Path:
    os.chdir(folder)  # The name of a socket is short.
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    return folder / "socket"


def _ssh(folder: Path) -> Path:
    (folder / ".ssh").mkdir()
    return folder / ".ssh"


@pytest.mark.parametrize(
    "made", [_link_out, _link_within, _link_to_folder, _loop, _pipe, _socket, _ssh]
)
def test_links_pipes_and_folders_of_credentials_are_refused(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path], Path]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = made(folder)
    assert str(path) in _refusal(tmp_path, folder).message


def test_a_file_that_is_named_itself_may_be_no_link_either(tmp_path: Path, folder: Path) -> None:
    path = _link_within(folder)
    assert f"{path} is a link" in _refusal(tmp_path, path).message


def test_what_is_named_twice_is_told(tmp_path: Path, folder: Path) -> None:
    job_files.copy(folder, tmp_path / "copy")
    with pytest.raises(ImageError, match="would be in the image twice"):
        job_files.copy(folder / "weights.bin", tmp_path / "copy" / "weights.bin")


def test_a_key_made_by_another_program_is_known(tmp_path: Path, folder: Path) -> None:
    make = ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-out", "x.bin"]
    subprocess.run(make, check=True, cwd=folder)
    (folder / "x.bin").chmod(0o644)
    assert "holds a private key" in _refusal(tmp_path, folder).message
