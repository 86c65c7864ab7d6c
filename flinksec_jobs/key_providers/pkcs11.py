# SPDX-License-Identifier: Apache-2.0
"""A PKCS#11 token, which wraps and unwraps: its keys never leave it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.key_providers._kind import KeyStore, Listing, ProviderKind, Said, key_id
from flinksec_jobs.path_checks import attempt, check_secret, readable
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.decides import Decides
from flinksec_jobs.sections.fields import LocalPath, Section, refusal

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider, TokenAddress

_MODULE = problem("token-module-unusable", "the PKCS#11 module cannot be read")
_MAX_LABEL = 32


def _token_label(value: str) -> str:
    """Accept what a PKCS#11 token may be labelled."""
    if not value.strip() or not value.isprintable() or len(value.encode()) > _MAX_LABEL:
        raise refusal(f"must be a token's label: 1 to {_MAX_LABEL} bytes of text")
    return value


class Pkcs11Settings(Section):
    """A PKCS#11 token (an HSM) that holds the keys which seal state."""

    module: Annotated[LocalPath, Decides("flinksec.sealed.pkcs11.module")] = Field(
        description="The PKCS#11 library of the token's maker."
    )
    token: Annotated[
        Annotated[str, AfterValidator(_token_label)] | None,
        Decides("flinksec.sealed.pkcs11.token"),
    ] = Field(default=None, description="The token's label.")
    slot: Annotated[
        Annotated[int, Field(ge=0)] | None,
        Decides(
            "flinksec.sealed.pkcs11.slot",
            lambda token: None if token.slot is None else str(token.slot),
        ),
    ] = Field(default=None, description="Id of the token's slot, in place of its label.")
    pin: Annotated[SecretFile, Decides("flinksec.sealed.pkcs11.pin-source")] = Field(
        description="File with the token's user PIN, as file:/path."
    )
    primary: Annotated[
        Annotated[str, AfterValidator(key_id)] | None,
        Decides("flinksec.sealed.pkcs11.primary"),
    ] = Field(
        default=None,
        description="Label of the AES-256 key that seals new files. Without it the token only "
        "opens, and state.keys seals.",
    )

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        if self.token is None and self.slot is None:
            yield "token", "is missing: give the token's label, or its slot"
        if self.token is not None and self.slot is not None:
            yield "slot", "is given beside token: keep one of the two"


@dataclass(frozen=True)
class _Token(KeyStore):
    address: TokenAddress
    primary: str | None
    location: str

    def opened(self) -> AbstractContextManager[KeyProvider]:
        from flinksec_jobs.sealed import TokenKeys

        return TokenKeys(self.address, self.primary)

    def listing(self) -> Listing:
        with self.opened() as token:
            return Listing(self.primary, token.key_ids, {"token": str(self.address)})

    def init(self, key: str) -> Said:  # noqa: ARG002
        raise KeyRingError(
            "a token is initialised by its maker's tools",
            hint=f"then make a key in it: flinksec state keys add {shlex.quote(self.location)} KEY",
        )

    def add(self, key: str, *, primary: bool) -> Said:  # noqa: ARG002
        from flinksec_jobs.sealed import TokenKeys

        TokenKeys.add(self.address, key)
        return Said(
            f"made the key '{key}' in the {self.address}: it cannot be read out of it",
            f'to seal new files under it: state.pkcs11.primary = "{key}"',
        )

    def use(self, key: str) -> Said:
        raise KeyRingError(
            "a token does not say which of its keys seals new files: the settings do",
            hint=f'set state.pkcs11.primary = "{key}", and restart the jobs',
        )

    def retire(self, key: str, check: Callable[[], None] | None) -> Said:
        if check:
            check()
        raise KeyRingError(
            f"the key '{key}' was not deleted: keys of a token are deleted by its own tools"
            + ("; no file under PATHS needs it" if check else ""),
            hint=f"pkcs11-tool --delete-object --type secrkey --label {key}",
        )


class _Pkcs11(ProviderKind[Pkcs11Settings]):
    setting = "pkcs11"
    annotation = Pkcs11Settings | None
    description = "A PKCS#11 token that holds the keys."
    named_as = "a token under [state.pkcs11]"
    naming = "flinksec.sealed.pkcs11.module"
    primary = "primary"
    scheme = "pkcs11:"
    location = "a token's PKCS#11 URI (RFC 7512) with module-path and pin-source"
    about = (
        "URI is a PKCS#11 token by RFC 7512: pkcs11:token=LABEL?module-path=…&pin-source=file:… "
        "Keys can be listed and added there; the settings say which of them seals."
    )

    def check(self, value: Pkcs11Settings) -> Iterator[Finding]:
        # No login: each wrong PIN brings a token closer to its lock, so only a job tries it.
        where = Where(setting="state.pkcs11.module", file=str(value.module))
        yield from attempt(_MODULE, where, lambda: readable(value.module, where))
        yield from check_secret(value.pin, "state.pkcs11.pin")

    def store(self, value: Pkcs11Settings) -> KeyStore:
        from flinksec_jobs.sealed import TokenAddress

        address = TokenAddress(value.module, value.pin, value.token, value.slot)
        return _Token(address, value.primary, str(address))

    def at(self, location: str) -> KeyStore:
        from flinksec_jobs.sealed import pkcs11uri

        return _Token(*pkcs11uri.parse(location), location)


KIND = _Pkcs11()
