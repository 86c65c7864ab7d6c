# SPDX-License-Identifier: Apache-2.0
"""What a provider that binds associated data refuses, and one that binds none does not."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flinksec_jobs import job_name
from flinksec_jobs.cli import state_ring
from flinksec_jobs.cli.state import state
from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed import (
    AssociatedData,
    KeyChain,
    KeyRing,
    Outcome,
    SealedFileError,
    SealedWriter,
    open_sealed,
    read_header,
    rekey_file,
    verify_file,
)
from flinksec_jobs.sealed.format import CONTEXT, SLOT, Header, KeySlot, WrappedKey
from flinksec_jobs.sealed.small_file import read_record, write_record
from tests.unit.sealed.bound_keys import ALGORITHM, BoundKeys
from tests.vectors import bound, make, sealing

VECTORS = Path(bound.__file__).with_name("bound-slots.json")
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text())["cases"]
OWN = AssociatedData(1, b"\x0f" * 16, "flight-delays")

Seal = Callable[[str, bytes], Path]


@pytest.fixture
def keys() -> BoundKeys:
    return BoundKeys("s1")


def with_slot(path: Path, key: WrappedKey) -> None:
    raw = bytearray(path.read_bytes())
    raw[CONTEXT : CONTEXT + SLOT] = KeySlot(1, key).to_bytes()
    path.write_bytes(raw)


@pytest.mark.parametrize(
    "other",
    [
        replace(OWN, format_version=2),
        replace(OWN, data_key_id=b"\x0e" + b"\x0f" * 15),
        replace(OWN, job="other-job"),
        replace(OWN, job=""),
    ],
)
def test_a_data_key_is_unwrapped_only_for_what_it_was_wrapped_for(
    keys: BoundKeys, other: AssociatedData
) -> None:
    wrapped = keys.wrap(b"k" * 32, OWN)
    assert keys.unwrap(wrapped, OWN) == b"k" * 32
    with pytest.raises(KeyRingError, match="was not wrapped by key 's1'"):
        keys.unwrap(wrapped, other)


def test_a_file_says_for_which_job_its_data_key_is(tmp_path: Path, keys: BoundKeys) -> None:
    with SealedWriter(tmp_path / "f", keys, job="flight-delays") as writer:
        writer.write(b"state")
    slot = read_header(tmp_path / "f").slots[0]
    assert (slot.key.algorithm, slot.key.job) == (ALGORITHM, "flight-delays")
    assert open_sealed(tmp_path / "f", keys).read() == b"state"


def test_a_slot_that_names_another_job_is_refused(tmp_path: Path, keys: BoundKeys) -> None:
    with SealedWriter(tmp_path / "f", keys, job="flight-delays"):
        pass
    key = read_header(tmp_path / "f").slots[0].key
    with_slot(tmp_path / "f", replace(key, job="other-job"))
    with pytest.raises(SealedFileError, match="was not wrapped by key 's1'"):
        open_sealed(tmp_path / "f", keys)


def test_the_slot_of_another_file_is_refused_even_if_it_holds_the_same_data_key(
    tmp_path: Path, keys: BoundKeys, ring: KeyRing
) -> None:
    with SealedWriter(tmp_path / "f", keys, job="flight-delays"):
        pass
    header = read_header(tmp_path / "f")
    own = header.slots[0].key
    data_key = keys.unwrap(own, AssociatedData.of(header.context, own))
    with_slot(tmp_path / "f", keys.wrap(data_key, OWN))
    assert verify_file(tmp_path / "f", keys).status == "tampered"
    # AES-KWP binds nothing: only the commitment, which this data key gives, tells files apart.
    with_slot(tmp_path / "f", ring.wrap(data_key, OWN))
    assert verify_file(tmp_path / "f", ring).whole


def test_a_record_is_bound_to_its_job(tmp_path: Path, keys: BoundKeys) -> None:
    write_record(tmp_path / "_job", keys, b"content", job="flight-delays")
    assert read_header(tmp_path / "_job").slots[0].key.job == "flight-delays"
    assert read_record(tmp_path / "_job", keys) == b"content"


def test_a_re_key_keeps_the_job_and_binds_the_one_that_it_is_told(
    seal: Seal, ring: KeyRing, keys: BoundKeys
) -> None:
    path = seal("f", b"state")
    new = BoundKeys("s2", b"2" * 32)

    def bound_job() -> str:
        return read_header(path).slots[0].key.job

    assert rekey_file(path, KeyChain(keys, ring), job="told").outcome is Outcome.REWRAPPED
    assert bound_job() == "told"
    assert rekey_file(path, KeyChain(new, keys), job="other").outcome is Outcome.REWRAPPED
    assert bound_job() == "told"
    assert open_sealed(path, new).read() == b"state"
    # Out of the service again: a ring binds nothing, and its slot says no job.
    assert rekey_file(path, KeyChain(ring, new)).outcome is Outcome.REWRAPPED
    assert bound_job() == ""
    assert rekey_file(path, KeyChain(keys, ring)).outcome is Outcome.REWRAPPED
    assert bound_job() == ""
    assert open_sealed(path, keys).read() == b"state"


def test_the_command_binds_the_job_that_it_is_told(
    seal: Seal, ring: KeyRing, keys: BoundKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = seal("f", b"state")
    monkeypatch.setattr(state_ring, "_open", lambda *_, **__: KeyChain(keys, ring))
    result = CliRunner().invoke(state, ["rekey", "--job", "Flüge", str(path)])
    assert result.exit_code == 0, result.output
    assert read_header(path).slots[0].key.job == job_name.file_name("Flüge")


@pytest.mark.parametrize("case", CASES, ids=[case["comment"] for case in CASES])
def test_python_says_of_each_slot_what_its_vector_says(
    tmp_path: Path, case: dict[str, Any]
) -> None:
    raw = bytearray(sealing.seal(make.files()["small"]))
    raw[CONTEXT : CONTEXT + SLOT] = bytes.fromhex(case["slot"])
    path = tmp_path / "f"
    path.write_bytes(raw)
    service = BoundKeys(bound.KEY_ID, bound.KEK)
    try:
        open_sealed(path, service).close()
        said = "whole"
    except SealedFileError as e:
        said = e.status.value
    assert said == case["expect"]
    if "associated" in case:
        header = Header.parse(bytes(raw[:1024]))
        assert header.slots[0].to_bytes() == bytes(raw[CONTEXT : CONTEXT + SLOT])
        assert header.slots[0].key.job == case["job"]
        associated = AssociatedData.of(header.context, header.slots[0].key)
        assert associated.to_bytes().hex() == case["associated"]


def test_the_committed_slots_are_what_the_program_writes() -> None:
    assert VECTORS.read_text() == bound.vectors()


@pytest.mark.parametrize("job", ["j" * 81, "flight delays", "flight/delays", "flüge", "a\n"])
def test_a_job_that_no_slot_can_hold_is_no_associated_data(job: str) -> None:
    with pytest.raises(ValueError, match="a job is bound by up to 80 letters"):
        AssociatedData(1, bytes(16), job)


def test_every_name_of_a_job_can_be_bound_and_no_two_are_one() -> None:
    names = ["flight-delays", "Flüge", "j" * 80, "j" * 81, "j" * 82, "ü" * 255, "a " * 100 + "b"]
    found = [job_name.bound_name(name) for name in names]
    assert found[0] == "flight-delays"
    assert len(set(found)) == len(names)
    for name in found:
        AssociatedData(1, bytes(16), name)
