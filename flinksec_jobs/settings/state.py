# SPDX-License-Identifier: Apache-2.0
"""The section ``[state]``: where checkpoints go, and the keys that seal them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.decides import RUN, Decides
from flinksec_jobs.sections.fields import Duration, LocalPath, PathMarker, Section
from flinksec_jobs.settings import addresses


class Pkcs11Settings(Section):
    """A PKCS#11 token (an HSM) that holds the keys which seal state."""

    module: Annotated[LocalPath, Decides("flinksec.sealed.pkcs11.module")] = Field(
        description="The PKCS#11 library of the token's maker."
    )
    token: Annotated[
        Annotated[str, AfterValidator(addresses.token_label)] | None,
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
        Annotated[str, AfterValidator(addresses.key_id)] | None,
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


class StateSettings(Section):
    """Where checkpoints go, and the keys that seal them."""

    directory: Annotated[
        str,
        AfterValidator(addresses.state_directory),
        PathMarker(),
        Decides("execution.checkpointing.dir", RUN),  # with the name of the job at its end
    ] = Field(
        description="Directory of checkpoints and savepoints: /path, file:///path or hdfs://…; "
        "sealed+ before it may be left out."
    )
    # Also where new state is written in clear: a sealed savepoint may be what it starts from.
    keys: Annotated[LocalPath | None, Decides("flinksec.sealed.keys")] = Field(
        default=None,
        description="Key ring: a directory of one file per key, and primary naming one.",
    )
    pkcs11: Pkcs11Settings | None = Field(
        default=None, description="A PKCS#11 token that holds the keys."
    )
    sealed: Annotated[bool, Decides("execution.checkpointing.dir", RUN)] = Field(
        default=True, description="Whether state is encrypted and authenticated."
    )
    checkpoint_interval: Annotated[Duration, Decides("execution.checkpointing.interval")] = Field(
        default=timedelta(seconds=10), description="Time between checkpoints."
    )
    backend: Annotated[Literal["hashmap", "rocksdb"], Decides("state.backend.type")] = Field(
        default="hashmap", description="Working state on the heap, or in RocksDB on local disk."
    )

    @property
    def uri(self) -> str:
        """The directory as Flink gets it: ``sealed+file:///…`` when sealed."""
        plain = self.directory.removeprefix("sealed+")
        return f"sealed+{plain}" if self.sealed else plain

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        if self.sealed and self.keys is None and self.pkcs11 is None:
            yield (
                "keys",
                "is missing, and sealed state needs it: name the key ring's directory, or a token "
                "under [state.pkcs11]",
            )
        if self.keys is None and self.pkcs11 and self.pkcs11.primary is None:
            yield "pkcs11.primary", "is missing: name the key of the token that seals new files"
        if not self.sealed and self.directory.startswith("sealed+"):
            yield "sealed", "is false, but directory starts with sealed+: change one of the two"
