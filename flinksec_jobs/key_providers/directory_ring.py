# SPDX-License-Identifier: Apache-2.0
"""A key ring: a directory of one file per key, which may be a mounted Kubernetes Secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from flinksec_jobs.errors import FlinkSecError, KeyRingError
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.key_providers._kind import KeyStore, Listing, ProviderKind, Said
from flinksec_jobs.path_checks import listable
from flinksec_jobs.sections.decides import Decides
from flinksec_jobs.sections.fields import HoldsSecrets, LocalPath

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider, KeyRing

_UNUSABLE = problem("key-ring-unusable", "the key ring cannot be opened, or is open to others")


@dataclass(frozen=True)
class _Ring(KeyStore):
    directory: Path

    def opened(self) -> AbstractContextManager[KeyProvider]:
        return nullcontext(self._open())

    def held(self) -> AbstractContextManager[None]:
        from flinksec_jobs.sealed.keyfiles import held

        return held(self.directory, to_change=False)

    def left(self) -> KeyProvider:
        return self._open()

    def listing(self) -> Listing:
        ring = self._open()
        return Listing(ring.primary_id, ring.key_ids, {"directory": str(self.directory)})

    def init(self, key: str) -> Said:
        from flinksec_jobs.sealed import KeyRing

        ring = KeyRing.create(self.directory, key)
        return Said(
            f"made the key ring {self.directory} with the key '{ring.primary_id}'",
            "keep a copy of it elsewhere: without it the state is lost",
        )

    def add(self, key: str, *, primary: bool) -> Said:
        ring = self._open().add(key, primary=primary)
        return Said(f"added the key '{key}'; the primary key is '{ring.primary_id}'")

    def use(self, key: str) -> Said:
        return Said(f"the primary key is '{self._open().use(key).primary_id}'")

    def retire(self, key: str, check: Callable[[], None] | None) -> Said:
        ring = self._open().remove(key, check or (lambda: None))
        return Said(f"deleted the key '{key}'; left: {', '.join(ring.key_ids)}")

    def _open(self) -> KeyRing:
        from flinksec_jobs.sealed import KeyRing

        return KeyRing.open(self.directory)


class _DirectoryRing(ProviderKind[Path]):
    setting = "keys"
    # Also where new state is written in clear: a sealed savepoint may be what it starts from.
    annotation = Annotated[LocalPath | None, Decides("flinksec.sealed.keys"), HoldsSecrets()]
    description = "Key ring: a directory of one file per key, and primary naming one."
    named_as = "the key ring's directory"
    naming = "flinksec.sealed.keys"
    location = "a key ring's directory"
    about = (
        "DIRECTORY is a key ring: one file of 32 random bytes per key, and the file primary, which "
        "names the key for new files. Whoever loses all keys loses all state: keep a copy "
        "elsewhere."
    )

    def check(self, value: Path) -> Iterator[Finding]:
        where = Where(setting="state.keys", file=str(value))
        try:
            listable(value, "state.keys")
            _Ring(value).left()
        except KeyRingError as error:
            why = error.message.removeprefix(f"key ring {value}: ")
            yield _UNUSABLE.at(
                where, why, fix=error.hint or "put the ring's files back as they were"
            )
        except FlinkSecError as error:
            yield _UNUSABLE.of(error, where)

    def store(self, value: Path) -> KeyStore:
        return _Ring(value)

    def at(self, location: str) -> KeyStore:
        return _Ring(Path(location))


KIND = _DirectoryRing()
