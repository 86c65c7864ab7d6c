# SPDX-License-Identifier: Apache-2.0
"""Directories of certificates for the tests beside this file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.cli import main
from tests import certificates


@pytest.fixture(autouse=True)
def quick_keys() -> Iterator[None]:
    """Keys take seconds to make, and each a twentieth of one to open."""
    with (
        certificates.smallest_keys(),
        certificates.ready_made_keys(),
        certificates.remembered_keys(),
    ):
        yield


@pytest.fixture
def certs(tmp_path: Path) -> Path:
    """A cluster's certificates, as they were made."""
    directory = tmp_path / "certs"
    create(directory, Request(certificates.SERVICES))
    return directory


@pytest.fixture
def internal(tmp_path: Path) -> Path:
    """One self-signed internal identity, as it should be."""
    identity = certificates.self_signed()
    return certificates.write(
        tmp_path / "internal", certificates.party(identity, identity.certificate)
    )


@pytest.fixture
def flinksec() -> Callable[..., Result]:
    """The ``flinksec certs`` command."""
    return lambda *words: CliRunner().invoke(main, ["certs", *map(str, words)])
