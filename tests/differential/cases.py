# SPDX-License-Identifier: Apache-2.0
"""What is asked of both sides: a sealed file, what is done to it, and how it is read or written.

A case is made of plain numbers and words, all drawn from its seed and number, so that it can be
made again, written down as JSON, and made smaller.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from tests.vectors import sealing

CHUNK, SEALED, PREFIX = sealing.CHUNK, sealing.SEALED, sealing.PREFIX
KEY_IDS = ("key-1", "key-2", "gone", "../key-1", "k" * 64)
NAMES = (
    "job/chk-1/_metadata",
    "job/chk-7/op",
    "job/shared/x",
    "job/taskowned/y",
    "job/savepoint-1/part",
    "ha/results/job_DIRTY.json",
    "job/shared/zustand-äöü-状態",
    "f",
    sealing.LONG_NAME,
)
PATHS = (
    "/mnt/state/job/chk-1/_metadata",
    "/mnt/state/job/chk-2/_metadata",
    "/mnt/state/job/savepoint-9/part",
    "/mnt/state/ha/results/job.json",
    "/mnt/job/shared/x",
    "/mnt/myjob/shared/x",
    "/f",
)
_POOL = random.Random("plaintext").randbytes(3 << 20)
_FIELDS = (*range(8, 16), 16, 32, 48, 55, 56, 63, 64, 65, 70, 319)
_VALUES = (0, 1, 2, 3, 4, 47, 65, 127, 128, 192, 237, 255)


@dataclass(frozen=True)
class File:
    """A sealed file as it was written, and the plaintext in it."""

    number: int
    length: int
    name: str
    policy: str
    created_at_ms: int
    data_key: int = 0

    @property
    def plain(self) -> bytes:
        """The plaintext."""
        return _POOL[self.number % 1000 : self.number % 1000 + self.length]

    @property
    def key(self) -> bytes:
        """The data key."""
        return hashlib.sha256(f"data key {self.data_key}".encode()).digest()

    def sealed(self) -> bytes:
        """The file, from the specification alone."""
        return _sealed(self)


@lru_cache(maxsize=256)
def _sealed(file: File) -> bytes:
    return sealing.seal(
        {
            "name": file.name,
            "name_policy": file.policy,
            "created_at_ms": file.created_at_ms,
            "key_id": "key-1",
            "data_key": file.key.hex(),
            "data_key_id": f"{file.data_key:032x}",
            "file_id": f"{file.number:032x}",
            "salt": hashlib.sha256(f"salt {file.number}".encode()).hexdigest()[:48],
        },
        file.plain,
    )


@dataclass(frozen=True)
class Reading:
    """A file that is altered (``alterations``) and read step by step, then as a whole."""

    file: File
    sibling: File
    path: str
    changes: tuple[tuple[Any, ...], ...]
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Writing:
    """Plaintext that is written in pieces, with flushes and syncs between them."""

    path: str
    number: int
    length: int
    steps: tuple[str, ...]

    @property
    def plain(self) -> bytes:
        """The plaintext."""
        return _POOL[self.number % 1000 : self.number % 1000 + self.length]


Case = Reading | Writing


def as_json(case: Case) -> str:
    """The case as text for people and for ``from_json``."""
    return json.dumps({"kind": type(case).__name__.lower(), **asdict(case)}, indent=1) + "\n"


def from_json(text: str) -> Case:
    """A case that was written down."""
    fields = json.loads(text)
    kind = fields.pop("kind")
    fields["steps"] = tuple(fields["steps"])
    if kind == "writing":
        return Writing(**fields)
    fields["changes"] = tuple(tuple(change) for change in fields["changes"])
    return Reading(File(**fields.pop("file")), File(**fields.pop("sibling")), **fields)


def draw(seed: int, number: int) -> Case:
    """The case of this number."""
    rng = random.Random(seed << 40 | number)
    if rng.random() < 0.1:
        return _writing(rng)
    file = _file(rng, rng.randrange(1 << 20))
    sibling = _file(rng, rng.randrange(1 << 20, 1 << 21))
    path = "/mnt/state/" + file.name if rng.random() < 0.85 else rng.choice(PATHS)
    changes = [_change(rng, file) for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3)))]
    # A slot that was altered at random is only looked at if its checksum fits again.
    changes += [("crc", slot) for slot in "AB" if rng.random() < 0.3 and changes]
    steps = [_step(rng, file.length) for _ in range(rng.randrange(16))]
    return Reading(file, sibling, path, tuple(changes), tuple(steps))


def _writing(rng: random.Random) -> Writing:
    length = _length(rng)
    steps = []
    for _ in range(rng.randrange(12)):
        kind = rng.choice("wwwwbbfs")
        steps.append(f"w{_size(rng, length)}" if kind == "w" else kind)
    name = rng.choice(NAMES[:6])
    return Writing("/mnt/state/" + name, rng.randrange(1 << 20), length, tuple(steps))


def _file(rng: random.Random, number: int) -> File:
    return File(
        number=number,
        length=_length(rng),
        name=rng.choice(NAMES),
        policy=rng.choice(tuple(sealing.POLICIES)),
        created_at_ms=rng.choice((0, 1_700_000_000_000, rng.getrandbits(64))),
    )


def _length(rng: random.Random) -> int:
    """Mostly around the ends of chunks; seldom longer than the longest read-ahead."""
    kind = rng.random()
    if kind < 0.2:
        return rng.randrange(40)
    if kind < 0.75:
        return max(0, rng.randrange(5) * CHUNK + rng.randrange(-18, 19))
    if kind < 0.99:
        return rng.randrange(5 * CHUNK)
    return rng.randrange(140 * CHUNK)


def _size(rng: random.Random, length: int) -> int:
    sizes = (rng.randrange(20), CHUNK + rng.randrange(-2, 3), 2 * CHUNK, rng.randrange(length + 9))
    return rng.choice(sizes)


def _position(rng: random.Random, length: int) -> int:
    near_chunk = rng.randrange(length // CHUNK + 2) * CHUNK + rng.randrange(-17, 18)
    return rng.choice((near_chunk, near_chunk, rng.randrange(length + 5), length, -1))


def _step(rng: random.Random, length: int) -> str:
    kind = rng.choice("rrrrbvvppqqssskta")
    if kind in "rv":
        return f"{kind}{_size(rng, length)}"
    if kind in "pq":
        return f"{kind}{_position(rng, length)},{_size(rng, length)}"
    if kind == "s":
        return f"s{_position(rng, length)}"
    if kind == "k":
        return f"k{rng.choice((-3, 0, rng.randrange(length + 20)))}"
    return kind


def _change(rng: random.Random, file: File) -> tuple[Any, ...]:  # noqa: PLR0911  a table in code
    total = PREFIX + file.length + 16 * (file.length // CHUNK + 1)
    chunks = file.length // CHUNK + 1
    at = rng.choice(
        (rng.randrange(total), rng.randrange(sealing.HEADER), PREFIX - rng.randrange(60))
    )
    match rng.randrange(12):
        case 0 | 1:
            return "flip", at, rng.randrange(8)
        case 2 | 3:
            return "set", rng.choice(_FIELDS), rng.choice(_VALUES)
        case 4:
            return "set", rng.choice((320, 672)) + rng.choice(range(12)), rng.choice(_VALUES)
        case 5:
            boundary = PREFIX + rng.randrange(chunks + 1) * SEALED + rng.randrange(-17, 34)
            return "cut", rng.choice((at, boundary, total - 1))
        case 6:
            kind = rng.choice(("zeros", "random", "itself"))
            return "extend", rng.choice((1, 16, 17, SEALED, rng.randrange(2 * SEALED))), kind
        case 7:
            return "copy", rng.randrange(total), at, rng.randrange(1, 1 + SEALED)
        case 8:
            start, count = rng.choice(
                ((0, 320), (320, 704), (0, 1024), (1024, 24), (1048, 32), (0, PREFIX), (0, total))
            )
            if rng.random() < 0.5:
                start, count = PREFIX + rng.randrange(chunks) * SEALED, rng.choice((SEALED, total))
            return "take", start, count
        case 9:
            return "swap", rng.randrange(chunks), rng.randrange(chunks)
        case 10:
            return "drop", rng.randrange(chunks)
        case _:
            generation = rng.choice((0, 1, 2, 9, (1 << 32) - 1))
            kek = rng.choice(("key-1", "key-2", "impostor"))
            key_id = rng.choice((*KEY_IDS, kek, kek, kek))
            owner = rng.choice((file.data_key, file.data_key, 77))
            return (
                "slot",
                rng.choice("AB"),
                generation,
                key_id,
                kek,
                owner,
                rng.choice((1, 1, 1, 2, 128, 255)),
            )
