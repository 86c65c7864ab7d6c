# SPDX-License-Identifier: Apache-2.0
"""Writes ``bound-slots.json``: key slots with associated data, and what a reader must say of each.

No provider of the library binds associated data yet. So the tests of both languages have one of
their own: wrap algorithm 255, which is AES-256-GCM with the 12 bytes of its nonce in front, and
the associated data of ``docs/state-format.md`` 3.5. Like ``make.py`` this follows that page only.
"""

import json
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.vectors import make, sealing

ALGORITHM = 255
KEY_ID, KEK = "service-1", bytes(range(50, 82))
JOB = "flight-delays"


def associated(version: int, data_key_id: bytes, job: str) -> bytes:
    """The bytes that are bound."""
    purpose = b"flinksec sealed\0"
    return purpose + bytes([version]) + data_key_id + bytes([len(job)]) + job.encode()


def field(job: str, wrapped: bytes) -> bytes:
    """The slot's field of the wrapped key."""
    return bytes([len(job)]) + job.encode() + wrapped


def slot(content: bytes, key_id: str = KEY_ID) -> bytes:
    """A key slot."""
    body = struct.pack(">IBBH", 1, ALGORITHM, len(key_id), len(content))
    body = (body + key_id.encode().ljust(64, b"\0") + content).ljust(sealing.SLOT - 4, b"\0")
    return body + struct.pack(">I", zlib.crc32(body))


def wrapped(data_key: bytes, bound: bytes) -> bytes:
    """A data key with what is bound to it."""
    nonce = bytes(range(12))
    return nonce + AESGCM(KEK).encrypt(nonce, data_key, bound)


def vectors() -> str:
    """The text of the JSON file: one case a line."""
    file = make.files()["small"]
    own, other = bytes.fromhex(file["data_key_id"]), bytes(range(16))
    key = bytes.fromhex(file["data_key"])

    def case(comment: str, expect: str, content: bytes, **more: str) -> dict[str, Any]:
        made = slot(content, more.pop("key_id", KEY_ID))
        return {"comment": comment, "expect": expect, "slot": made.hex(), **more}

    def good(comment: str, job: str) -> dict[str, Any]:
        bound = associated(1, own, job)
        content = field(job, wrapped(key, bound))
        return case(comment, "whole", content, job=job, associated=bound.hex())

    whole = wrapped(key, associated(1, own, JOB))
    cases = [
        good("a job", JOB),
        good("no job: it was not known", ""),
        good("the longest job", "j" * 80),
        case("another job in the slot", "tampered", field("other-job", whole)),
        case("no job in the slot", "tampered", field("", whole)),
        case(
            "wrapped for another data key id",
            "tampered",
            field(JOB, wrapped(key, associated(1, other, JOB))),
        ),
        case(
            "wrapped for another format version",
            "tampered",
            field(JOB, wrapped(key, associated(2, own, JOB))),
        ),
        case("wrapped with nothing bound", "tampered", field(JOB, wrapped(key, b""))),
        case("cut short", "tampered", field(JOB, whole[:-1])),
        case("a job of 81 characters", "tampered", field("j" * 81, whole)),
        case("a job with a slash", "tampered", field("flight/delays", whole)),
        case("a job that ends with a line", "tampered", field("flight-delays\n", whole)),
        case("a job that is longer than the field", "tampered", bytes([len(whole) + 9]) + whole),
        case("a job and no wrapped key", "tampered", field(JOB, b"")),
        case("a key that is not there", "key missing", field(JOB, whole), key_id="service-2"),
    ]
    head = {
        "about": "Slots of wrap algorithm 255 in the file 'small' of sealed-files.json, in place "
        "of slot A; written by bound.py.",
        "key_id": KEY_ID,
        "key": KEK.hex(),
    }
    lines = ",\n  ".join(json.dumps(one) for one in cases)
    return json.dumps(head, indent=1).removesuffix("\n}") + f',\n "cases": [\n  {lines}\n ]\n}}\n'


if __name__ == "__main__":
    (Path(sys.argv[0]).parent / "bound-slots.json").write_text(vectors())
