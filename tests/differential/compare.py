# SPDX-License-Identifier: Apache-2.0
"""Gives cases to both sides, and says where they differ from each other or from the truth."""

import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flinksec_jobs.sealed import AssociatedData, KeyRing
from flinksec_jobs.sealed.format import Header
from tests.differential import library, peer
from tests.differential.alterations import altered
from tests.differential.cases import Case, Reading
from tests.differential.peer import Peer
from tests.vectors import sealing


def make_ring(directory: Path) -> KeyRing:
    """The keys that both sides have: key-1, which seals, and key-2."""
    directory.mkdir(mode=0o700)
    for key_id in ("key-1", "key-2"):
        path = directory / key_id
        path.write_bytes(bytes.fromhex(sealing.KEYS[key_id]))
        path.chmod(0o600)
    (directory / "primary").write_text("key-1\n")
    (directory / "primary").chmod(0o600)
    return KeyRing.open(directory)


class Comparison:
    """Both sides, and how often which verdict was given.

    Args:
        directory: where to write files, best in memory.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ring = make_ring(directory / "ring")
        self._peer = Peer(directory / "ring")
        self.verdicts: Counter[str] = Counter()

    def close(self) -> None:
        """Ends the JVM."""
        self._peer.__exit__(None, None, None)

    def differences(self, cases: Sequence[Case]) -> list[str]:
        """For each case what is wrong; nothing if all is right."""
        prepared = [self._prepare(case) for case in cases]
        self._peer.ask([request for request, _ in prepared])
        ours = [
            self._read(case, data) if isinstance(case, Reading) else self._write(case, data)
            for case, (_, data) in zip(cases, prepared, strict=True)
        ]
        return [
            wrong or ("" if java == python else f"Java:   {java}\nPython: {python}")
            for java, (python, wrong) in zip(self._peer.answers(), ours, strict=True)
        ]

    def _prepare(self, case: Case) -> tuple[bytes, bytes]:
        if isinstance(case, Reading):
            data = altered(case)
            return peer.reading(case, data), data
        data = library.written(case, self._directory, self._ring)
        data_key = _data_key(self._ring, Header.parse(data[: sealing.HEADER]))
        path = str(self._directory / case.path.removeprefix("/mnt/state/"))
        return peer.writing(path, data, data_key, case.plain, case.steps), data

    def _read(self, case: Reading, data: bytes) -> tuple[str, str]:
        """What Python says, and what is wrong with it whatever Java says."""
        steps = library.read(io.BytesIO(data), case.path, case.steps, self._ring)
        verdict, content = library.whole(data, case.path, self._ring)
        status = verdict.split()[0]
        self.verdicts[status] += 1
        good = case.file.sealed()
        wrong = ""
        if content is not None and content not in (case.file.plain, case.sibling.plain):
            wrong = "an altered file was read as whole, with contents that nobody wrote"
        if data == good and status not in ("WHOLE", "FOREIGN"):
            wrong = f"an unaltered file was found to be {status}"
        theirs = library.cobblestone(data, case.file.key) if len(data) >= sealing.HEADER else None
        if content is not None and theirs != content:
            wrong = "cryptography's cobblestone does not open what we open"
        # Of a foreign file nobody read more than its beginning and its end.
        comparable = data[: sealing.HEADER] == good[: sealing.HEADER] and status != "FOREIGN"
        if comparable and (theirs is not None) != (status == "WHOLE"):
            wrong = f"cryptography's cobblestone does not agree with {status}"
        return f"{steps} | {verdict}", wrong

    def _write(self, case: Any, data: bytes) -> tuple[str, str]:
        """What Java must write, and what is wrong with what Python wrote."""
        self.verdicts["written"] += 1
        header = Header.parse(data[: sealing.HEADER])
        data_key = _data_key(self._ring, header)
        described = {
            "name": header.name,
            "name_policy": header.context.policy.name.lower(),
            "created_at_ms": header.created_at_ms,
            "key_id": "key-1",
            "data_key": data_key.hex(),
            "data_key_id": header.context.data_key_id.hex(),
            "file_id": header.context.file_id.hex(),
            "salt": data[sealing.HEADER :][:24].hex(),
        }
        wrong = ""
        if data != sealing.seal(described, case.plain):
            wrong = "Python's file is not the one that the specification asks for"
        elif library.cobblestone(data, data_key) != case.plain:
            wrong = "cryptography's cobblestone does not open what Python wrote"
        return f"{len(data)}:{hashlib.sha256(data).hexdigest()}", wrong


def _data_key(ring: KeyRing, header: Header) -> bytes:
    wrapped = header.slots[0].key
    return ring.unwrap(wrapped, AssociatedData.of(header.context, wrapped))
