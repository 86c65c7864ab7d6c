# SPDX-License-Identifier: Apache-2.0
"""The attacks that the demo tries at the very servers and files it has just used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs import elasticsearch
from flinksec_jobs.demo.expectations import Check, refused
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.files import files_below
from flinksec_jobs.runtime import jvm
from flinksec_jobs.session import Session
from flinksec_jobs.settings import load_settings
from flinksec_jobs.uses import Uses

if TYPE_CHECKING:
    from flinksec_jobs.demo.evidence import Evidence
    from flinksec_jobs.sandbox import Sandbox
    from flinksec_jobs.sealed import KeyRing

_TICKET = ("login", "credentials", "ticket", "authenticat")


def on_kafka(sandbox: Sandbox) -> Iterator[Check]:
    """Read a topic without a ticket, and with one that has no rights."""
    yield refused(
        "Kafka refuses a client without a ticket",
        lambda: sandbox.consume("flights", principal=None),
        *_TICKET,
    )
    yield refused(
        "Kafka refuses a ticket without rights",
        lambda: sandbox.consume("flights", principal="guest"),
        "authoriz",
    )


def on_hdfs(sandbox: Sandbox) -> Iterator[Check]:
    """Read a file without a ticket."""
    yield refused(
        "HDFS refuses a client without a ticket",
        lambda: list(sandbox.hdfs_lines("/data/flights", principal=None)),
        *_TICKET,
    )


def on_elasticsearch(settings_file: Path, unknown_ca: Path) -> Iterator[Check]:
    """Connect, as the job would, with a CA that did not sign the server's certificate."""
    settings = load_settings(
        settings_file, overrides={"elasticsearch": {"ca_certs": str(unknown_ca)}}
    )
    if settings.elasticsearch is None or settings.elasticsearch.verification != "full":
        raise FlinkSecError("the demo's settings do not verify Elasticsearch's certificate")
    uses = Uses()
    uses.add(elasticsearch.writing(settings, "flight-delays"))
    yield refused(
        "Elasticsearch behind an unknown CA is refused",
        uses.ask_the_servers,
        "certificat",
        "PKIX",
    )


def on_state(
    settings_file: Path, state_directory: Path, evidence: Evidence, ring: KeyRing, tails: set[str]
) -> Iterator[Check]:
    """Look for what the job remembered in the bytes on the volume, and change one of them."""
    from flinksec_jobs.sealed import Status, verify_file

    tail, opened = _remembered(evidence, ring, tails)
    yield Check(f"Tail number {tail} is in the opened state", "found", opened)
    on_volume = [*_files(state_directory), *_files(evidence.directory)]
    hits = sum(tail.encode() in path.read_bytes() for path in on_volume)
    yield Check(f"Tail number {tail} in the bytes on the volume", 0, hits)

    original = max(evidence.files(), key=lambda file: file.stat().st_size)
    damaged = _flip_a_bit(original, evidence.directory.with_name("damaged") / original.parent.name)
    status = verify_file(damaged, ring).status
    yield Check("A flipped bit is found by verify", Status.TAMPERED.value, status.value)
    yield from _read_in_flink(settings_file, original, damaged)


def _read_in_flink(settings_file: Path, original: Path, damaged: Path) -> Iterator[Check]:
    """Read a sealed file, whole and damaged, with the file system that restores a job."""
    overrides = {"job": {"resume": "never"}}
    Session("flinksec-demo-attacks", load_settings(settings_file, overrides=overrides)).begin()
    size = jvm.read_to_end(f"sealed+file://{original}")
    yield Check("Flink reads the file as it was", "readable", "readable" if size else "empty")
    yield refused(
        "Flink refuses the file with the flipped bit",
        lambda: jvm.read_to_end(f"sealed+file://{damaged}"),
        "tamper",
        "authentic",
        "altered",
    )


def _remembered(evidence: Evidence, ring: KeyRing, tails: set[str]) -> tuple[str, str]:
    from flinksec_jobs.sealed import open_sealed

    for path in sorted(evidence.files(), key=lambda file: -file.stat().st_size):
        with open_sealed(path, ring) as stream:
            plaintext = stream.read()
        for tail in sorted(tails):
            if tail.encode() in plaintext:
                return tail, "found"
    return min(tails), "not found"


def _files(directory: Path) -> list[Path]:
    return [path for path in files_below(directory) if path.is_file()]


def _flip_a_bit(original: Path, directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    damaged = directory / original.name
    data = bytearray(original.read_bytes())
    data[-100] ^= 1
    damaged.write_bytes(data)
    return damaged
