# SPDX-License-Identifier: Apache-2.0
"""Writes ``sealed-files.json``: sealed files and what a reader must say of each alteration.

It follows ``docs/state-format.md`` with nothing but ``cryptography`` and ``struct``, so that the
library's own code is compared with another reading of the same page. The tests of both languages
read the JSON; a test compares it with what this program prints.
"""

import hashlib
import json
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
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


def describe(number: int, name: str, length: int, policy: str, comment: str) -> dict[str, Any]:
    """A file's inputs, and the digest of what they give."""
    file: dict[str, Any] = {
        "comment": comment,
        "length": length,
        "name": name,
        "name_policy": policy,
        "created_at_ms": 1_700_000_000_000 + number,
        "key_id": "key-1",
        "data_key": hashlib.sha256(f"data key {number % 2}".encode()).hexdigest(),
        "data_key_id": f"{number % 2:032x}",
        "file_id": hashlib.sha256(f"file {number}".encode()).hexdigest()[:32],
        "salt": hashlib.sha256(f"salt {number}".encode()).hexdigest()[:48],
    }
    sealed = seal(file)
    file["file_length"] = len(sealed)
    file["file_sha256"] = hashlib.sha256(sealed).hexdigest()
    return file


def files() -> dict[str, dict[str, Any]]:
    """The files as they were written."""
    shapes = [
        ("empty", "job/chk-1/empty", 0, "enforce", "no plaintext: one chunk of a tag only"),
        ("byte", "job/chk-1/byte", 1, "enforce", "one byte"),
        ("small", "job/chk-1/_metadata", 100, "enforce", "one short chunk"),
        ("almost", "job/shared/almost", 16383, "enforce", "the longest single chunk"),
        ("full", "job/shared/full", 16384, "enforce", "a full chunk and an empty last one"),
        ("over", "job/taskowned/over", 16385, "enforce", "a full chunk and one byte"),
        ("two", "job/chk-2/two", 32768, "enforce", "two full chunks and an empty last one"),
        ("three", "job/chk-2/three", 40000, "enforce", "two full chunks and a short last one"),
        ("other", "job/chk-3/other", 40000, "enforce", "as three, of another data key"),
        ("sibling", "job/chk-2/sibling", 40000, "enforce", "as three, of the same data key"),
        ("savepoint", "job/savepoint-1/part", 10, "warn", "a savepoint may be moved"),
        ("result", "ha/results/job_DIRTY.json", 10, "ignore", "a job result is renamed"),
        ("name", "job/shared/zustand-äöü-状態", 10, "enforce", "a name that is not ASCII"),
        ("long", LONG_NAME, 10, "enforce", "a name of 255 bytes"),
    ]
    # Data keys alternate; sibling gets the one of three.
    numbers = {"sibling": 107}
    return {
        key: describe(numbers.get(key, number), name, length, policy, comment)
        for number, (key, name, length, policy, comment) in enumerate(shapes)
    }


def case(what: str, file: str, status: str, *changes: list[Any], **more: Any) -> dict[str, Any]:
    """One alteration."""
    return {"what": what, "file": file, "change": list(changes), **more, "status": status}


def whole_cases(found: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What is not altered is whole."""
    for file in found:
        yield case("as it was written", file, "whole")
    yield case("bytes after it", "small", "tampered", ["append", "00"])


def header_cases() -> Iterator[dict[str, Any]]:
    """Every field of the header, one bit each."""
    fields = [
        (0, "magic, first byte", "plaintext"),
        (7, "magic, last byte", "plaintext"),
        (8, "format version", "unsupported"),
        (9, "suite", "unsupported"),
        (10, "header length, high byte", "unsupported"),
        (11, "header length, low byte", "unsupported"),
        (12, "flags, high byte", "unsupported"),
        (13, "flags, low byte", "unsupported"),
        (14, "name policy, to one that is not there", "tampered"),
        (15, "length of the name", "tampered"),
        (16, "data key id, first byte", "tampered"),
        (31, "data key id, last byte", "tampered"),
        (32, "file id, first byte", "tampered"),
        (47, "file id, last byte", "tampered"),
        (48, "creation time, high byte", "tampered"),
        (55, "creation time, low byte", "tampered"),
        (56, "reserved, first byte", "tampered"),
        (63, "reserved, last byte", "tampered"),
        (64, "name, first byte", "tampered"),
        (82, "name, last byte", "tampered"),
        (83, "name's padding, first byte", "tampered"),
        (319, "name's padding, last byte", "tampered"),
        (320, "slot A, generation", "tampered"),
        (324, "slot A, wrap algorithm", "tampered"),
        (325, "slot A, length of the key id", "tampered"),
        (327, "slot A, length of the wrapped key", "tampered"),
        (328, "slot A, key id", "tampered"),
        (392, "slot A, wrapped key, first byte", "tampered"),
        (431, "slot A, wrapped key, last byte", "tampered"),
        (432, "slot A, padding", "tampered"),
        (671, "slot A, CRC", "tampered"),
        (672, "slot B, which is empty, so that a torn one counts as empty", "whole"),
        (1023, "slot B, CRC", "whole"),
        (1024, "salt, first byte", "tampered"),
        (1047, "salt, last byte", "tampered"),
        (1048, "commitment, first byte", "tampered"),
        (1079, "commitment, last byte", "tampered"),
        (1080, "ciphertext, first byte", "tampered"),
        (1179, "ciphertext, last byte", "tampered"),
        (1180, "tag, first byte", "tampered"),
        (1195, "tag, last byte", "tampered"),
    ]
    for at, what, status in fields:
        yield case(f"one bit: {what}", "small", status, ["xor", at, "80" if at == 14 else "01"])
    yield case("name policy from enforce to ignore", "small", "tampered", ["replace", 14, "00"])
    yield case("version 2", "small", "unsupported", ["replace", 8, "02"])
    yield case("name made absolute", "small", "tampered", ["replace", 64, "2f"])
    yield case("name with a zero byte", "small", "tampered", ["replace", 66, "00"])
    yield case("name that is not UTF-8", "small", "tampered", ["replace", 64, "ff"])
    yield case("name of no bytes", "small", "tampered", ["replace", 15, "00"])
    yield case("all of it zeros", "small", "plaintext", ["replace", 0, "00" * 1196])
    yield case("payload zeros, a lost write", "small", "tampered", ["replace", 1080, "00" * 116])


def length_cases(found: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Cut short at and around every boundary, and made longer."""
    lengths = (0, 1, 7, 8, 9, 63, 64, 319, 320, 671, 672, 1023, 1024, 1047, 1048, 1079, 1080, 1081)
    for length in lengths:
        yield case(f"cut to {length}", "small", "truncated", ["truncate", length])
    for length in (1095, 1096, 1097, 1179, 1180, 1195):
        status = "truncated" if length < 1096 else "tampered"
        yield case(f"cut to {length}", "small", status, ["truncate", length])
    total = found["three"]["file_length"]
    for chunk in range(3):
        start = PREFIX + chunk * SEALED
        for shift in (-16, -1, 0, 1, 15, 16, 17, 8200):
            length = start + shift
            if PREFIX <= length < total:
                cut_in_chunk = (length - PREFIX) % SEALED >= 16
                status = "tampered" if cut_in_chunk else "truncated"
                yield case(f"cut to chunk {chunk} {shift:+}", "three", status, ["truncate", length])
    yield case(
        "the empty last chunk is gone", "two", "truncated", ["truncate", PREFIX + 2 * SEALED]
    )
    yield case("a chunk and the last are gone", "two", "truncated", ["truncate", PREFIX + SEALED])
    yield case("one byte more", "three", "tampered", ["append", "ff"])
    yield case("sixteen bytes more", "empty", "tampered", ["append", "00" * 16])
    yield case("a chunk more, of zeros", "full", "tampered", ["append", "00" * SEALED])
    yield case(
        "its own first chunk again at the end", "full", "tampered", ["append_chunk", "full", 0]
    )
    yield case(
        "another file's last chunk at the end", "full", "tampered", ["append_chunk", "over", 1]
    )


def chunk_cases() -> Iterator[dict[str, Any]]:
    """Chunks altered, swapped, doubled, dropped, and taken from other files."""
    for chunk in range(3):
        size = SEALED if chunk < 2 else 40000 - 2 * CHUNK + 16
        for what, at in (("first", 0), ("middle", size // 2), ("last", size - 1)):
            where = PREFIX + chunk * SEALED + at
            yield case(f"{what} byte of chunk {chunk}", "three", "tampered", ["xor", where, "01"])
    yield case("chunks 0 and 1 swapped", "three", "tampered", ["swap_chunks", 0, 1])
    yield case("chunk 0 in place of 1", "three", "tampered", ["copy_chunk", "three", 0, 1])
    yield case("chunk 1 in place of 0", "three", "tampered", ["copy_chunk", "three", 1, 0])
    yield case("chunk 0 dropped", "three", "tampered", ["drop_chunk", 0])
    yield case("chunk 1 dropped", "three", "tampered", ["drop_chunk", 1])
    yield case(
        "chunk 1 of a file of the same data key",
        "three",
        "tampered",
        ["copy_chunk", "sibling", 1, 1],
    )
    yield case(
        "chunk 1 of a file of another data key", "three", "tampered", ["copy_chunk", "other", 1, 1]
    )
    yield case(
        "all chunks of a file of the same data key",
        "three",
        "tampered",
        ["take", "sibling", PREFIX, 40048],
    )
    yield case(
        "a hole in chunk 1, a lost write",
        "three",
        "tampered",
        ["replace", PREFIX + SEALED + 4096, "00" * 4096],
    )
    yield case(
        "the context of a file of the same data key",
        "three",
        "tampered",
        ["take", "sibling", 0, SLOT_A],
    )
    yield case(
        "the key slot of a file of the same data key, which is the same",
        "three",
        "whole",
        ["take", "sibling", SLOT_A, SLOT],
    )
    yield case(
        "the key slot of a file of another data key",
        "three",
        "tampered",
        ["take", "other", SLOT_A, SLOT],
    )
    yield case("the salt of another file", "three", "tampered", ["take", "sibling", 1024, 24])
    yield case("the commitment of another file", "three", "tampered", ["take", "sibling", 1048, 32])
    yield case("the header of another file", "three", "tampered", ["take", "sibling", 0, HEADER])


def key_cases(found: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Keys that are gone or wrong, and every state of a re-key."""
    data_key = bytes.fromhex(found["small"]["data_key"])
    stranger = bytes.fromhex(found["three"]["data_key"])
    both, first, second = (
        {"key-1": "key-1", "key-2": "key-2"},
        {"key-1": "key-1"},
        {"key-2": "key-2"},
    )
    b = ["replace", SLOT_B, slot(2, "key-2", "key-2", data_key).hex()]
    a_gone = ["replace", SLOT_A, "00" * SLOT]
    a_torn = ["replace", SLOT_A, "00" * 100]
    b_torn = ["replace", SLOT_B, slot(2, "key-2", "key-2", data_key).hex()[:600]]
    yield case("its key is not at hand", "small", "key missing", ring=second)
    yield case("another key under its id", "small", "tampered", ring={"key-1": "impostor"})
    yield case("re-key: B written, with the old key", "small", "whole", b, ring=first)
    yield case("re-key: B written, with the new key", "small", "whole", b, ring=second)
    yield case("re-key: B torn", "small", "whole", b_torn, ring=both)
    yield case("re-key: A torn", "small", "whole", b, a_torn, ring=both)
    yield case("re-key: done", "small", "whole", b, a_gone, ring=second)
    yield case("re-key: done, without the new key", "small", "key missing", b, a_gone, ring=first)
    yield case("both slots torn", "small", "tampered", b_torn, a_torn, ring=both)
    yield case("both slots empty", "small", "tampered", a_gone, ring=both)
    yield case(
        "B newer, of a wrong data key",
        "small",
        "whole",
        ["replace", SLOT_B, slot(9, "key-2", "key-2", stranger).hex()],
        ring=both,
    )
    yield case(
        "A of a wrong data key",
        "small",
        "tampered",
        ["replace", SLOT_A, slot(1, "key-1", "key-1", stranger).hex()],
        ring=both,
    )
    yield case(
        "A of a wrong data key, B of a missing key",
        "small",
        "key missing",
        ["replace", SLOT_A, slot(1, "key-1", "key-1", stranger).hex()],
        b,
        ring=first,
    )
    yield case(
        "A with another generation, which nothing authenticates",
        "small",
        "whole",
        ["replace", SLOT_A, slot(4294967295, "key-1", "key-1", data_key).hex()],
    )
    yield case(
        "A with an unknown wrap algorithm",
        "small",
        "tampered",
        ["replace", SLOT_A, slot(1, "key-1", "key-1", data_key, algorithm=2).hex()],
    )
    yield case(
        "A with an id that is none",
        "small",
        "tampered",
        ["replace", SLOT_A, slot(1, "../key-1", "key-1", data_key).hex()],
    )
    yield case(
        "A with an id of 64 bytes, not at hand",
        "small",
        "key missing",
        ["replace", SLOT_A, slot(1, "k" * 64, "key-1", data_key).hex()],
    )


def name_cases() -> Iterator[dict[str, Any]]:
    """Files under other names."""
    yield case(
        "a checkpoint's file of another checkpoint", "small", "foreign", path="job/chk-2/_metadata"
    )
    yield case("a checkpoint's file under another name", "small", "foreign", path="job/chk-1/other")
    yield case("a checkpoint's file in no checkpoint", "small", "foreign", path="copies/_metadata")
    yield case(
        "a checkpoint's file of another job", "small", "foreign", path="job2/chk-1/_metadata"
    )
    yield case("a name that only ends alike", "small", "foreign", path="myjob/chk-1/_metadata")
    yield case("the same below another directory", "small", "whole", path="a/b/job/chk-1/_metadata")
    yield case("a savepoint that was moved", "savepoint", "whole", path="kept/savepoint-7/part")
    yield case("a savepoint's file in a checkpoint", "savepoint", "foreign", path="job/chk-1/part")
    yield case("a job result that was renamed", "result", "whole", path="ha/results/job.json")
    yield case("a job result in a checkpoint", "result", "foreign", path="job/chk-1/_metadata")
    yield case("a job result among shared files", "result", "foreign", path="job/shared/x")


def names() -> Iterator[dict[str, Any]]:
    """What a new file is called inside, by where it lies; and its policy."""
    job, id_ = "/mnt/state/flights", "0" * 31 + "1"
    whole = [
        f"{job}/{id_}/chk-42/_metadata",
        f"{job}/{id_}/shared/0f",
        f"{job}/{id_}/taskowned/0f",
        "/mnt/ha/flink/blob/job_" + id_ + "/blob_p-0f",
        "/mnt/ha/flink/blob/no_job/blob_t-0f",
        "/mnt/ha/flink/completedCheckpoint0123456789ab",
        "/mnt/ha/flink/submittedExecutionPlan0123456789ab",
        "/mnt/état/chk-1/状態",
        "/chk-1/f",
    ]
    for path in whole:
        yield {"path": path, "name": path[1:], "policy": "enforce"}
    others = [
        (f"{job}/savepoint-7/part", "flights/savepoint-7/part", "warn"),
        ("/mnt/ha/flink/job-result-store/x_DIRTY.json", "flink/job-result-store/x_DIRTY.json", ""),
        ("/mnt/ha/flink/completedCheckpoint", "ha/flink/completedCheckpoint", ""),
        ("/mnt/ha/flink/completedCheckpoint0g", "ha/flink/completedCheckpoint0g", ""),
        ("/mnt/s/job_1/f", "s/job_1/f", ""),
        ("/mnt/s/chk-1x/f", "s/chk-1x/f", ""),
        ("/mnt/s/chk-\u0661/f", "s/chk-\u0661/f", ""),
        ("/a/f", "a/f", ""),
        ("/f", "f", ""),
    ]
    for path, name, policy in others:
        yield {"path": path, "name": name, "policy": policy or "ignore"}
    for root, name in (
        ("/mnt/state", f"flights/{id_}/chk-42/_metadata"),
        ("/mnt/state/", f"flights/{id_}/chk-42/_metadata"),
        ("/mnt/sta", whole[0][1:]),
        ("/elsewhere", whole[0][1:]),
    ):
        yield {"path": whole[0], "root": root, "name": name, "policy": "enforce"}
    long = "j" * 200
    yield {
        "what": "leading components are left out until 255 bytes are enough",
        "path": f"/mnt/state/{long}/chk-1/{'f' * 42}",
        "name": f"state/{long}/chk-1/{'f' * 42}",
        "policy": "enforce",
    }
    yield {
        "path": f"/mnt/state/{long}/chk-1/{'f' * 43}",
        "name": f"{long}/chk-1/{'f' * 43}",
        "policy": "enforce",
    }


def vectors() -> str:
    """The text of the JSON file: one case a line."""
    found = files()
    small = seal(found["small"])
    found["small"]["file_hex"] = [small[i : i + 44].hex() for i in range(0, len(small), 44)]
    cases = [
        *whole_cases(found),
        *header_cases(),
        *length_cases(found),
        *chunk_cases(),
        *key_cases(found),
        *name_cases(),
    ]
    lines = [json.dumps(c, ensure_ascii=False) for c in cases]
    head = {
        "about": "Sealed files of docs/state-format.md, version 1; written by make.py.",
        "plaintext": "byte i is (7 i + i div 256) mod 256",
        "changes": {
            "truncate": "[length]",
            "append": "[hex]",
            "xor": "[offset, hex]",
            "replace": "[offset, hex]",
            "take": "[file, offset, count]: the same bytes of another file",
            "swap_chunks": "[i, j]",
            "copy_chunk": "[file, i, j]: the file's chunk i in place of chunk j",
            "drop_chunk": "[i]",
            "append_chunk": "[file, i]",
        },
        "defaults": {"ring": {"key-1": "key-1"}, "path": "the file's name"},
        "ring": "key id: which of the keys its file holds",
        "keys": KEYS,
        "files": found,
    }
    text = json.dumps(head, indent=1, ensure_ascii=False).removesuffix("\n}")
    named = [json.dumps(n, ensure_ascii=False) for n in names()]
    text += ',\n "names": [\n  ' + ",\n  ".join(named) + "\n ]"
    return text + ',\n "cases": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"


if __name__ == "__main__":
    (Path(sys.argv[0]).parent / "sealed-files.json").write_text(vectors())
