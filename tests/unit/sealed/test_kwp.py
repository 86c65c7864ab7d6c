# SPDX-License-Identifier: Apache-2.0
"""AES-KWP over single blocks is the AES-KWP of RFC 5649, NIST and ``cryptography``."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from flinksec_jobs.sealed import kwp

VECTORS = Path(cryptography_vectors.__file__).parent / "keywrap" / "kwtestvectors"


def blocks(key: bytes) -> tuple[kwp.Block, kwp.Block]:
    """A token's two operations, under a key that a test may know."""
    cipher = Cipher(algorithms.AES(key), modes.ECB())

    def encrypt(block: bytes) -> bytes:
        assert len(block) == 16
        return cipher.encryptor().update(block)

    def decrypt(block: bytes) -> bytes:
        assert len(block) == 16
        return cipher.decryptor().update(block)

    return encrypt, decrypt


def nist(name: str) -> Iterator[dict[str, str]]:
    """The cases of one of NIST's files; FAIL stands where nothing unwraps."""
    for paragraph in (VECTORS / name).read_text().replace("FAIL", "P = FAIL").split("\n\n"):
        case = dict(line.split(" = ") for line in paragraph.splitlines() if " = " in line)
        if "COUNT" in case:
            yield case


def test_the_example_of_rfc_5649() -> None:
    encrypt, decrypt = blocks(bytes.fromhex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8"))
    key = bytes.fromhex("c37b7e6492584340bed12207808941155068f738")
    wrapped = bytes.fromhex("138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a")
    assert kwp.wrap(encrypt, key) == wrapped
    assert kwp.unwrap(decrypt, wrapped) == key


def test_what_nist_wraps() -> None:
    checked = 0
    for case in nist("KWP_AE_256.txt"):
        key = bytes.fromhex(case["P"])
        if len(key) <= 8:
            continue
        wrapped = kwp.wrap(blocks(bytes.fromhex(case["K"]))[0], key)
        assert wrapped.hex() == case["C"]
        checked += 1
    assert checked >= 300


def test_what_nist_unwraps_and_what_not() -> None:
    outcomes = {"whole": 0, "refused": 0}
    for case in nist("KWP_AD_256.txt"):
        wrapped = bytes.fromhex(case["C"])
        if len(wrapped) < 24:
            continue
        decrypt = blocks(bytes.fromhex(case["K"]))[1]
        if case["P"] == "FAIL":
            with pytest.raises(kwp.NotWrappedError):
                kwp.unwrap(decrypt, wrapped)
            outcomes["refused"] += 1
        else:
            assert kwp.unwrap(decrypt, wrapped).hex() == case["P"]
            outcomes["whole"] += 1
    assert min(outcomes.values()) >= 50


def test_every_flipped_bit_and_every_other_length_is_refused() -> None:
    key_encryption_key = bytes(range(32))
    wrapped = aes_key_wrap_with_padding(key_encryption_key, b"k" * 32)
    decrypt = blocks(key_encryption_key)[1]
    assert kwp.unwrap(decrypt, wrapped) == b"k" * 32
    for at, bit in itertools.product(range(len(wrapped)), range(8)):
        altered = bytearray(wrapped)
        altered[at] ^= 1 << bit
        with pytest.raises(kwp.NotWrappedError):
            kwp.unwrap(decrypt, bytes(altered))
    for length in range(len(wrapped)):
        with pytest.raises(kwp.NotWrappedError):
            kwp.unwrap(decrypt, wrapped[:length])


def test_a_key_too_short_for_this_form_is_no_key_of_ours() -> None:
    with pytest.raises(ValueError, match="another form"):
        kwp.wrap(blocks(bytes(32))[0], b"8 bytes.")
