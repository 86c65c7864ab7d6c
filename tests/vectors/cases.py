# SPDX-License-Identifier: Apache-2.0
"""Alterations of sealed files, and what a reader must say of each."""

from collections.abc import Iterator
from typing import Any

from tests.vectors.sealing import CHUNK, HEADER, PREFIX, SEALED, SLOT, SLOT_A, SLOT_B, slot


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
