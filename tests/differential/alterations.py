# SPDX-License-Identifier: Apache-2.0
"""What is done to a sealed file before it is read; none of it needs more than the volume has."""

import hashlib
import random
import zlib
from collections.abc import Callable
from typing import Any

from tests.differential.cases import PREFIX, SEALED, Reading
from tests.vectors import sealing

_SLOTS = {"A": sealing.SLOT_A, "B": sealing.SLOT_B}


def altered(case: Reading) -> bytes:
    """The bytes that are read."""
    data = bytearray(case.file.sealed())
    for kind, *arguments in case.changes:
        if kind == "take":
            _take(data, case.sibling.sealed(), *arguments)
        else:
            _CHANGES[kind](data, *arguments)
    return bytes(data)


def _flip(data: bytearray, at: int, bit: int) -> None:
    if data:
        data[at % len(data)] ^= 1 << bit


def _set(data: bytearray, at: int, value: int) -> None:
    if data:
        data[at % len(data)] = value


def _cut(data: bytearray, length: int) -> None:
    del data[max(0, length) :]


def _extend(data: bytearray, count: int, kind: str) -> None:
    if kind == "zeros":
        data += bytes(count)
    elif kind == "random":
        data += random.Random(count).randbytes(count)
    else:
        data += data[PREFIX : PREFIX + count]


def _copy(data: bytearray, source: int, target: int, count: int) -> None:
    if data:
        source, target = source % len(data), target % len(data)
        count = min(count, len(data) - max(source, target))
        data[target : target + count] = data[source : source + count]


def _take(data: bytearray, other: bytes, start: int, count: int) -> None:
    data[start : start + count] = other[start : start + count]


def _chunk(index: int) -> slice:
    return slice(PREFIX + index * SEALED, PREFIX + (index + 1) * SEALED)


def _swap(data: bytearray, i: int, j: int) -> None:
    first, second = sorted((i, j))
    if first != second:
        one, other = data[_chunk(first)], data[_chunk(second)]
        data[_chunk(second)] = one
        data[_chunk(first)] = other


def _drop(data: bytearray, index: int) -> None:
    del data[_chunk(index)]


def _slot(
    data: bytearray, slot: str, generation: int, key_id: str, kek: str, owner: int, algorithm: int
) -> None:
    if len(data) >= sealing.HEADER:
        data_key = hashlib.sha256(f"data key {owner}".encode()).digest()
        at = _SLOTS[slot]
        new = sealing.slot(generation, key_id, kek, data_key, algorithm)
        data[at : at + sealing.SLOT] = new


def _crc(data: bytearray, slot: str) -> None:
    if len(data) >= sealing.HEADER:
        at = _SLOTS[slot]
        end = at + sealing.SLOT
        data[end - 4 : end] = zlib.crc32(data[at : end - 4]).to_bytes(4)


_CHANGES: dict[str, Callable[..., Any]] = {
    "flip": _flip,
    "set": _set,
    "cut": _cut,
    "extend": _extend,
    "copy": _copy,
    "swap": _swap,
    "drop": _drop,
    "slot": _slot,
    "crc": _crc,
}
