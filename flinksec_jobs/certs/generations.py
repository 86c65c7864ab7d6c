# SPDX-License-Identifier: Apache-2.0
"""A directory whose whole content changes in one step.

Kubernetes does the same with a mounted Secret: the names that people use are links through
``.current``, and only ``.current`` is ever replaced. Whoever is killed leaves the content of
before or of after, never a mixture, and what a killed process left is removed by the next one.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.certs.stores import Party, read_parties, write_party
from flinksec_jobs.errors import CertificateError
from flinksec_jobs.files import reason
from flinksec_jobs.private_files import sync_directory

NEXT = "next"
_CURRENT = ".current"
_NEW_LINK = ".current.new"
_GENERATION = re.compile(r"\.generation-[0-9a-f]{16}")


@dataclass(frozen=True)
class Content:
    """What a directory holds.

    Attributes:
        parties: what the processes use now.
        coming: what a rotation that is under way leads to.
    """

    parties: dict[str, Party]
    coming: dict[str, Party]


class Generations:
    """The directory of a cluster's certificates."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def exists(self) -> bool:
        """Whether there are certificates."""
        return (self.directory / _CURRENT).is_dir()

    def read(self) -> Content:
        """Read everything.

        Raises:
            CertificateError, SecretError: it cannot be read, or was not made here.
        """
        if not self.exists():
            raise CertificateError(
                f"{self.directory} was not made by flinksec certs create",
                hint="name its directory; stores of cert-manager are renewed by cert-manager: see "
                "docs/certificates.md",
            )
        current = self.directory / _CURRENT
        coming = read_parties(current / NEXT) if (current / NEXT).is_dir() else {}
        return Content(read_parties(current), coming)

    def replace(self, content: Content) -> None:
        """Write everything, in one step for whoever reads.

        Raises:
            CertificateError: it cannot be written.
        """
        try:
            self._replace(content)
        except OSError as error:
            raise CertificateError(
                f"{error.filename or self.directory} cannot be written: {reason(error)}",
                hint="nothing was changed; mend it and give the same command again",
            ) from error

    def _replace(self, content: Content) -> None:
        generation = self.directory / f".generation-{secrets.token_hex(8)}"
        generation.mkdir(mode=0o700)
        _write(generation, content.parties)
        if content.coming:
            (generation / NEXT).mkdir(mode=0o700)
            _write(generation / NEXT, content.coming)
        # Links first: until .current is there they lead nowhere.
        for name in content.parties:
            self._link(name, f"{_CURRENT}/{name}")
        self._link(_NEW_LINK, generation.name)
        sync_directory(self.directory)
        (self.directory / _NEW_LINK).replace(self.directory / _CURRENT)
        sync_directory(self.directory)
        self.clean()

    def clean(self) -> None:
        """Remove what killed processes left, and the content of before."""
        current = self.directory / _CURRENT
        kept = current.readlink().name if current.is_symlink() else None
        for path in self.directory.iterdir():
            if _GENERATION.fullmatch(path.name) and path.name != kept:
                shutil.rmtree(path)

    def is_ours(self) -> bool:
        """Whether there is nothing but what a killed ``create`` leaves."""
        return all(
            _GENERATION.fullmatch(path.name)
            or (path.is_symlink() and str(path.readlink()).startswith((_CURRENT, ".generation-")))
            for path in self.directory.iterdir()
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from changing the directory.

        Raises:
            CertificateError: somebody changes it now.
        """
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise CertificateError(
                f"{self.directory} is being changed by another flinksec certs",
                hint="wait until it has ended",
            ) from None
        finally:
            os.close(descriptor)

    def _link(self, name: str, target: str) -> None:
        path = self.directory / name
        if path.is_symlink() and str(path.readlink()) == target:
            return
        path.unlink(missing_ok=True)
        path.symlink_to(target)


def _write(directory: Path, parties: Mapping[str, Party]) -> None:
    for name, party in parties.items():
        write_party(directory / name, party)
    sync_directory(directory)
