# SPDX-License-Identifier: Apache-2.0
"""A kind of key provider that only tests have: one file, and nothing else knows of it.

Its key lies in a file, and binds associated data as a key service does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.findings import Finding
from flinksec_jobs.key_providers._kind import KeyStore, Listing, ProviderKind, Said, key_id
from flinksec_jobs.path_checks import check_secret
from flinksec_jobs.sealed import KeyProvider
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.decides import Decides
from flinksec_jobs.sections.fields import Section
from tests.unit.sealed.bound_keys import BoundKeys

SCHEME = "toy:"


class ToySettings(Section):
    """A toy."""

    token: Annotated[SecretFile, Decides("flinksec.sealed.toy.token")] = Field(
        description="File with the toy's key."
    )
    key: Annotated[
        Annotated[str, AfterValidator(key_id)] | None, Decides("flinksec.sealed.toy.key")
    ] = Field(default=None, description="The key that seals new files.")


@dataclass(frozen=True)
class _Toy(KeyStore):
    token: SecretFile
    key: str

    def opened(self) -> AbstractContextManager[KeyProvider]:
        return nullcontext(BoundKeys(self.key, self.token.read_bytes()))

    def listing(self) -> Listing:
        return Listing(self.key, (self.key,), {"toy": str(self.token.path)})

    def init(self, key: str) -> Said:
        return Said(f"made the toy with '{key}'", "look after it")

    def add(self, key: str, *, primary: bool) -> Said:
        return Said(f"added '{key}' {primary=}")

    def use(self, key: str) -> Said:
        raise KeyRingError("a toy has one key", hint=f"forget '{key}'")

    def retire(self, key: str, check: Callable[[], None] | None) -> Said:
        if check:
            check()
        return Said(f"retired '{key}'")


class _Kind(ProviderKind[ToySettings]):
    setting = "toy"
    annotation = ToySettings | None
    description = "A toy that holds the keys."
    named_as = "a toy under [state.toy]"
    naming = "flinksec.sealed.toy.token"
    primary = "key"
    scheme = SCHEME
    location = "a toy's URI"
    about = "A toy is named by toy:KEY@/path/of/its/token."

    def check(self, value: ToySettings) -> Iterator[Finding]:
        yield from check_secret(value.token, "state.toy.token")

    def store(self, value: ToySettings) -> KeyStore:
        return _Toy(value.token, value.key or "any")

    def at(self, location: str) -> KeyStore:
        key, _, path = location.removeprefix(SCHEME).partition("@")
        return _Toy(SecretFile(Path(path)), key)


KIND = _Kind()
