# SPDX-License-Identifier: Apache-2.0
"""The section ``[state]``: where checkpoints go, and the keys that seal them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from flinksec_jobs import key_providers
from flinksec_jobs.key_providers import ProviderKind, Seals
from flinksec_jobs.sections.decides import RUN, Decides
from flinksec_jobs.sections.fields import Duration, LocalPath, PathMarker, Section
from flinksec_jobs.settings import addresses


class _Directory(Section):
    directory: Annotated[
        str,
        AfterValidator(addresses.state_directory),
        PathMarker(),
        Decides("execution.checkpointing.dir", RUN),  # with the name of the job at its end
    ] = Field(
        description="Directory of checkpoints and savepoints: /path, file:///path or hdfs://…; "
        "the prefix sealed+ may be left out."
    )


if TYPE_CHECKING:

    class _Keys(_Directory):
        # Which settings there are for keys is known when the files of their kinds are.
        def __getattr__(self, name: str) -> Any: ...

else:
    _Keys = create_model("_Keys", __base__=_Directory, **key_providers.fields())


class StateSettings(_Keys):
    """Where checkpoints go, and the keys that seal them."""

    sealed: Annotated[bool, Decides("execution.checkpointing.dir", RUN)] = Field(
        default=True, description="Whether state is encrypted and authenticated."
    )
    checkpoint_interval: Annotated[Duration, Decides("execution.checkpointing.interval")] = Field(
        default=timedelta(seconds=10), description="Time between checkpoints."
    )
    backend: Annotated[Literal["hashmap", "rocksdb"], Decides("state.backend.type")] = Field(
        default="hashmap", description="Working state on the heap, or in RocksDB on local disk."
    )

    cipher: Annotated[Literal["jdk", "conscrypt"], Decides("flinksec.sealed.cipher")] = Field(
        default="jdk",
        description="What encrypts: the JDK, or Conscrypt's native library, which is as fast in a "
        "new JVM as in an old one.",
    )
    native_directory: Annotated[LocalPath | None, Decides("flinksec.sealed.native-directory")] = (
        Field(
            default=None,
            description="Where Conscrypt unpacks its native library: writable, not mounted "
            "with `noexec`. Default: Java's temporary directory.",
        )
    )

    @property
    def uri(self) -> str:
        """The directory as Flink gets it: ``sealed+file:///…`` when sealed."""
        plain = self.directory.removeprefix("sealed+")
        return f"sealed+{plain}" if self.sealed else plain

    @property
    def providers(self) -> list[tuple[ProviderKind[Any], Any]]:
        """The key providers that are named, each with what its setting holds.

        The first one seals: the one whose key for new files is named, else the one that says itself
        which key that is.
        """
        values = [(kind, getattr(self, kind.setting)) for kind in key_providers.kinds()]
        named = [(kind, value) for kind, value in values if value is not None]
        return sorted(named, key=lambda one: one[0].seals(one[1]))

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        providers = self.providers
        if self.sealed and not providers:
            kinds = key_providers.kinds()
            listed = ", or ".join(kind.named_as for kind in kinds)
            yield kinds[0].setting, f"is missing, and sealed state needs it: name {listed}"
        if providers and all(kind.seals(value) is Seals.NEVER for kind, value in providers):
            yield _primary_of(providers[0][0]), "is missing: name the key that seals new files"
        chosen = [kind for kind, value in providers if kind.seals(value) is Seals.FIRST]
        for kind in chosen[1:]:
            beside = f"state.{_primary_of(chosen[0])}"
            yield _primary_of(kind), f"is given beside {beside}: one key seals new files"
        if self.native_directory is not None and self.cipher == "jdk":
            yield "native_directory", 'is for state.cipher = "conscrypt"; remove it, or set that'
        if not self.sealed and self.directory.startswith("sealed+"):
            yield "sealed", "is false, but directory starts with sealed+: change one of the two"


def _primary_of(kind: ProviderKind[Any]) -> str:
    return f"{kind.setting}.{kind.primary}"
