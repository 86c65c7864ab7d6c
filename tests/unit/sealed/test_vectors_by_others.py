# SPDX-License-Identifier: Apache-2.0
"""Vectors by others for C2SP chunked encryption: pyca/cryptography's and Wycheproof's."""

import base64
import hashlib
import io
import json
import os
import zlib
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.hashes import SHA256, SHA512, HashAlgorithm

from flinksec_jobs.sealed.cobblestone import FileKeys
from flinksec_jobs.sealed.format import CHUNK, HEADER, SALT, SealedFileError, Status
from flinksec_jobs.sealed.payload import Payload

PYCA = Path(cryptography_vectors.__file__).parent / "chunked-encryption" / "vectors.json"
PYCA_VECTORS = [
    vector
    for vector in json.loads(PYCA.read_text())["vectors"]
    if vector["aead"] == "AEAD_AES_256_GCM"
]


class NotWholeError(Exception):
    """A message failed after this much authentic plaintext."""

    def __init__(self, opened: bytes, *, header: bool = False, last: bool = True) -> None:
        super().__init__()
        self.opened = opened
        self.header = header
        self.last = last


def open_message(message: bytes, key: bytes, context: bytes, algorithm: HashAlgorithm) -> bytes:
    """Open a bare message with the code that reads sealed files, where it follows a header."""
    salt, commitment = message[:SALT], message[SALT : SALT + 32]
    try:
        keys = FileKeys.derive(key, salt, context, algorithm)
    except ValueError:
        raise NotWholeError(b"", header=True) from None
    if len(commitment) != 32 or not keys.matches(commitment):
        raise NotWholeError(b"", header=True)
    try:
        payload = Payload(io.BytesIO(bytes(HEADER) + message), keys)
    except SealedFileError as e:
        # The first chunks may be authentic all the same, which nobody gets to see.
        assert e.status in {Status.TRUNCATED, Status.TAMPERED}
        raise NotWholeError(b"", last=False) from None
    opened = b""
    try:
        for index in range(payload.length // CHUNK + 1):
            opened += payload.chunk(index)
    except SealedFileError:
        with pytest.raises(SealedFileError):
            payload.chunk(0)
        raise NotWholeError(opened) from None
    return opened


def test_all_vectors_are_there() -> None:
    assert len(PYCA_VECTORS) == 34
    assert sum(vector["expect"] == "success" for vector in PYCA_VECTORS) == 9


@pytest.mark.parametrize("vector", PYCA_VECTORS, ids=lambda v: v["name"])
def test_pyca_cryptography(vector: dict[str, Any]) -> None:
    message = base64.b64decode(vector["ciphertext"] or "")
    if vector.get("compressed"):
        message = zlib.decompress(message)
    key, context = bytes.fromhex(vector["key"]), vector["context"].encode()
    if vector["expect"] == "success":
        opened = open_message(message, key, context, SHA256())
        assert len(opened) == vector["payload_length"]
        assert hashlib.sha256(opened).hexdigest() == vector["payload_sha256"]
    else:
        with pytest.raises(NotWholeError):
            open_message(message, key, context, SHA256())


def wycheproof() -> list[Any]:
    name = os.environ.get("FLINKSEC_WYCHEPROOF")
    if not name:
        return []
    groups = json.loads(Path(name).read_text())["testGroups"]
    return [test for group in groups for test in group["tests"]]


@pytest.mark.skipif(
    not os.environ.get("FLINKSEC_WYCHEPROOF"),
    reason="FLINKSEC_WYCHEPROOF names no c2sp_chunked_encryption_aes_256_gcm_test.json",
)
def test_wycheproof() -> None:
    vectors = wycheproof()
    assert len(vectors) == 35
    for vector in vectors:
        message = zlib.decompress(bytes.fromhex(vector["ct"]))
        key, context = bytes.fromhex(vector["key"]), bytes.fromhex(vector["ctx"])
        if vector["result"] == "valid":
            opened = open_message(message, key, context, SHA512())
            assert len(opened) == vector["msgLength"], vector["tcId"]
            assert hashlib.sha512(opened).hexdigest() == vector["msgSha512"], vector["tcId"]
            continue
        with pytest.raises(NotWholeError) as caught:
            open_message(message, key, context, SHA512())
        flags = vector["flags"]
        assert caught.value.last == ("ValidFinalChunk" in flags or caught.value.header)
        if "HeaderFailure" in flags:
            assert caught.value.header, vector["tcId"]
        if "ValidFinalChunk" in flags and "PartialPlaintext" in flags:
            assert len(caught.value.opened) == vector["msgLength"], vector["tcId"]
            assert hashlib.sha512(caught.value.opened).hexdigest() == vector["msgSha512"]
