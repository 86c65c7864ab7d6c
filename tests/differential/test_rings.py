# SPDX-License-Identifier: Apache-2.0
"""The rule of whose a key ring is has two writings, in Java and in Python: they say the same."""

from collections import Counter
from pathlib import Path

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed import KeyRing
from tests.differential import peer
from tests.differential.compare import make_ring
from tests.differential.peer import Peer
from tests.differential.rings import IS_ROOT, draw

RINGS = 1_500
# Both say which file cannot be read; why, each says in its own words.
_OWN_WORDS = " cannot be read"


def opened(ring: Path) -> str:
    """What Python says, in the words of the Java side."""
    try:
        found = KeyRing.open(ring)
    except KeyRingError as e:
        return f"refused: {e.message}"
    return f"primary {found.primary_id} of [{', '.join(found.key_ids)}]"


def test_java_and_python_say_the_same_of_every_ring(tmp_path: Path) -> None:
    make_ring(tmp_path / "own")
    rings = []
    for seed in range(RINGS):
        top = tmp_path / str(seed)
        top.mkdir(mode=0o700)
        rings.append(draw(top, seed))
    with Peer(tmp_path / "own") as java:
        java.ask([peer.ring(ring) for ring, _ in rings])
        answers = java.answers()
    differ = []
    seen: Counter[str] = Counter()
    for (ring, done), theirs in zip(rings, answers, strict=True):
        ours = opened(ring)
        seen[ours.split(f"{ring}: ")[-1].partition(" (")[0]] += 1
        if not _plain(theirs).startswith(_plain(ours).split(_OWN_WORDS)[0]):
            differ.append(f"{ring} {done}\nPython: {ours}\nJava:   {theirs}")
    assert differ == []
    # That the rings were of all kinds.
    said = "\n".join(seen)
    for word in (
        "primary key-2 of [key-1, key-2]",
        "is exposed",
        "the file 'primary' can be changed by others",
        "the directory",
        "is missing",
        "cannot be read",
        "is not a key id",
        "it is not a directory",
        "which is not there",
        "must hold exactly 32 bytes",
        *(["belongs to user id 65534"] if IS_ROOT else []),
    ):
        assert word in said, word
    assert seen["primary key-2 of [key-1, key-2]"] > RINGS / 10


def _plain(answer: str) -> str:
    return answer.replace("\n", " ").replace("\\n", " ")
