# SPDX-License-Identifier: Apache-2.0
"""A sealed file byte for byte, by ``docs/state-format.md`` and without the library's code."""

import struct
import zlib
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

HEADER, SLOT, CHUNK, SEALED = 1024, 352, 16384, 16400
SLOT_A, SLOT_B, PREFIX = 320, 672, 1080
POLICIES = {"ignore": 0, "warn": 1, "enforce": 2}
LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"

KEYS = {
    "key-1": bytes(range(32)).hex(),
    "key-2": bytes(range(100, 132)).hex(),
    "impostor": bytes([255] * 32).hex(),
}
LONG_NAME = "shared/" + "n" * 248


def plaintext(length: int) -> bytes:
    """Byte i is (7 i + i div 256) mod 256."""
    return bytes((7 * i + i // 256) % 256 for i in range(length))


def slot(generation: int, key_id: str, kek: str, data_key: bytes, algorithm: int = 1) -> bytes:
    """A key slot."""
    wrapped = aes_key_wrap_with_padding(bytes.fromhex(KEYS[kek]), data_key)
    body = struct.pack(">IBBH", generation, algorithm, len(key_id), len(wrapped))
    body = (body + key_id.encode().ljust(64, b"\0") + wrapped).ljust(SLOT - 4, b"\0")
    return body + struct.pack(">I", zlib.crc32(body))


def context(file: dict[str, Any]) -> bytes:
    """The authenticated part of the header."""
    name: bytes = file["name"].encode()
    fixed = struct.pack(
        ">8sBBHHBB", b"\x89FSEAL\r\n", 1, 1, HEADER, 0, POLICIES[file["name_policy"]], len(name)
    )
    fixed += bytes.fromhex(file["data_key_id"]) + bytes.fromhex(file["file_id"])
    return (fixed + struct.pack(">QQ", file["created_at_ms"], 0) + name).ljust(SLOT_A, b"\0")


def seal(file: dict[str, Any], plain: bytes | None = None) -> bytes:
    """The whole sealed file; of other contents than the vectors', if they are given."""
    data_key, salt = bytes.fromhex(file["data_key"]), bytes.fromhex(file["salt"])
    head = context(file)
    okm = HKDFExpand(SHA512(), 76, LABEL + salt + head).derive(data_key)
    cipher, base, commitment = AESGCM(okm[:32]), int.from_bytes(okm[32:44]), okm[44:]
    header = (head + slot(1, file["key_id"], file["key_id"], data_key)).ljust(HEADER, b"\0")
    plain = plaintext(file["length"]) if plain is None else plain
    chunks = [plain[i * CHUNK : (i + 1) * CHUNK] for i in range(len(plain) // CHUNK + 1)]
    sealed = [cipher.encrypt((base ^ i).to_bytes(12), c, None) for i, c in enumerate(chunks)]
    return b"".join([header, salt, commitment, *sealed])
