# SPDX-License-Identifier: Apache-2.0
"""Writes ``sealed-files.json``: sealed files and what a reader must say of each alteration.

It follows ``docs/state-format.md`` with nothing but ``cryptography`` and ``struct``, so that the
library's own code is compared with another reading of the same page. The tests of both languages
read the JSON; a test compares it with what this program writes: python -m tests.vectors.make
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.vectors.cases import (
    chunk_cases,
    header_cases,
    key_cases,
    length_cases,
    name_cases,
    whole_cases,
)
from tests.vectors.sealing import KEYS, LONG_NAME, seal


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
    Path(__file__).with_name("sealed-files.json").write_text(vectors())
