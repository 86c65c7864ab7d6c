# SPDX-License-Identifier: Apache-2.0
"""What a kind of key provider tells of itself, and what can be done with its keys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from flinksec_jobs.findings import Finding
from flinksec_jobs.sections.fields import refusal

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider

Value = TypeVar("Value")


class Seals(IntEnum):
    """Whether a provider seals new files; the first one in this order does."""

    FIRST = 0
    UNLESS_ANOTHER = 1
    NEVER = 2


@dataclass(frozen=True)
class Said:
    """What was done to keys, for people.

    Attributes:
        done: one line.
        note: what to do now, or to know; empty for nothing.
    """

    done: str
    note: str = ""


@dataclass(frozen=True)
class Listing:
    """The keys of a place.

    Attributes:
        primary: the id of the one that seals new files; None if the place does not say.
        key_ids: of all, sorted.
        where: the place, under the name that it has in JSON.
    """

    primary: str | None
    key_ids: tuple[str, ...]
    where: Mapping[str, str]


class KeyStore(ABC):
    """Keys in one place. What cannot be done there is refused, with what to do instead."""

    @abstractmethod
    def opened(self) -> AbstractContextManager[KeyProvider]:
        """Open the keys, to wrap and unwrap.

        Raises:
            KeyRingError: they cannot be used.
        """

    def held(self) -> AbstractContextManager[None]:
        """Keep others from deleting keys; nothing to do where nobody deletes any."""
        return nullcontext()

    def left(self) -> KeyProvider | None:
        """Return the keys as they are now, for a look at files while one is put aside.

        None where no key is put aside, and so none need be opened.
        """
        return None

    @abstractmethod
    def listing(self) -> Listing:
        """List the keys."""

    @abstractmethod
    def init(self, key: str) -> Said:
        """Make the place, with one new key."""

    @abstractmethod
    def add(self, key: str, *, primary: bool) -> Said:
        """Make a new key, and seal new files with it unless told otherwise."""

    @abstractmethod
    def use(self, key: str) -> Said:
        """Seal new files with a key that is there."""

    @abstractmethod
    def retire(self, key: str, check: Callable[[], None] | None) -> Said:
        """Delete a key.

        Args:
            key: its id.
            check: raises if files need it, or that cannot be told; None to delete it unchecked.
        """


def key_id(value: str) -> str:
    """Accept the id of a key-encryption key, for sections that name one."""
    from flinksec_jobs.sealed.format import KEY_ID

    if not KEY_ID.fullmatch(value):
        raise refusal("must be a key id: letters, digits, dot, hyphen, underscore; at most 64")
    return value


class ProviderKind(ABC, Generic[Value]):
    """One kind of key provider; `Value` is what its setting holds.

    Attributes:
        setting: its name under ``[state]``.
        annotation: of the setting, which may be None: a type with what it declares, or a section.
        description: of the setting.
        named_as: what to name, for messages: ``the key ring's directory``.
        naming: Flink's option without which there is no provider of this kind.
        primary: the setting, below its own, that names the key for new files; without it the
            provider only opens. None if the provider itself says which key that is.
        scheme: what its URIs on a command line begin with, colon included; empty for a path.
        location: how it is named on a command line.
        about: a paragraph of the help about its keys.
    """

    setting: ClassVar[str]
    annotation: ClassVar[Any]
    description: ClassVar[str]
    named_as: ClassVar[str]
    naming: ClassVar[str]
    primary: ClassVar[str | None] = None
    scheme: ClassVar[str] = ""
    location: ClassVar[str]
    about: ClassVar[str]

    def seals(self, value: Value) -> Seals:
        """Whether it seals new files, beside other providers."""
        if self.primary is None:
            return Seals.UNLESS_ANOTHER
        return Seals.NEVER if getattr(value, self.primary) is None else Seals.FIRST

    @abstractmethod
    def check(self, value: Value) -> Iterator[Finding]:
        """Yield what is wrong with its files, as far as can be told without asking a service."""

    @abstractmethod
    def store(self, value: Value) -> KeyStore:
        """Return the keys that the settings name."""

    @abstractmethod
    def at(self, location: str) -> KeyStore:
        """Return the keys that a command line names.

        Raises:
            KeyRingError: it is no location of this kind; it is not repeated, as it may hold a
                secret.
        """
