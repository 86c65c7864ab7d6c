# SPDX-License-Identifier: Apache-2.0
"""Where a directory of certificates stands in a rotation."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import hashes

from flinksec_jobs.certificates import fingerprint
from flinksec_jobs.certs.generations import Generations
from flinksec_jobs.certs.rotate import state_of
from flinksec_jobs.certs.stores import read_parties


def shown(directory: Path) -> dict[str, str]:
    """Whose certificate is which."""
    return {
        name: fingerprint(party.identity.certificate, hashes.SHA256())
        for name, party in read_parties(directory).items()
    }


def trusted(directory: Path) -> dict[str, set[str]]:
    return {
        name: {fingerprint(one, hashes.SHA256()) for one in party.trusted}
        for name, party in read_parties(directory).items()
    }


def done(directory: Path) -> int:
    return state_of(Generations(directory).read()).done
