# SPDX-License-Identifier: Apache-2.0
"""What holds key-encryption keys: a directory, a PKCS#11 token, a key management service.

A new kind of provider is a class with the members of `KeyProvider`, and a file among the
`key_providers` that makes it known; ``docs/state-format.md`` 3.1 says what it must keep to, so that
the Java reader opens what it wrapped.
"""

from typing import Protocol

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed.associated import AssociatedData
from flinksec_jobs.sealed.format import WrappedKey


class KeyMissingError(KeyRingError):
    """A provider does not have the key that a file names."""


class KeysUnavailableError(KeyRingError):
    """A provider cannot be asked now: says nothing about any file."""


class KeyProvider(Protocol):
    """Wraps and unwraps data keys; the keys that do so need not be known to this process.

    It is used by several threads. A message of an exception names keys by their ids only.
    """

    @property
    def primary_id(self) -> str:
        """The id of the key that wraps the data keys of new files.

        Raises:
            KeyRingError: if no key was chosen for that: the provider only unwraps.
        """

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all keys at hand, sorted."""

    def wrap(self, data_key: bytes, associated: AssociatedData) -> WrappedKey:
        """Wrap a 32-byte data key under the primary key.

        Args:
            data_key: the data key.
            associated: what it is for; bound to the result if the provider can.

        Raises:
            KeysUnavailableError: if the provider does not answer.
            KeyRingError: if no key was chosen for that.
        """

    def unwrap(self, wrapped: WrappedKey, associated: AssociatedData) -> bytes:
        """Return the data key.

        Args:
            wrapped: what `wrap` gave.
            associated: what the file says that the data key is for. A provider that binds it
                refuses anything else than it was wrapped with, also if it remembers the key.

        Raises:
            KeyMissingError: if the key that wrapped it is not here.
            KeysUnavailableError: if the provider does not answer.
            KeyRingError: if it does not unwrap to 32 bytes, or was wrapped for something else.
        """

    def describe(self) -> str:
        """Where the keys are, for messages: ``key ring /etc/keys``."""


def no_key(wrapped: WrappedKey, where: str) -> KeyMissingError:
    """Return what to raise if the key is missing."""
    return KeyMissingError(
        f"key '{wrapped.key_id}' is not in the {where}",
        hint="put the key back, or restore from other state",
    )


def not_wrapped_by(wrapped: WrappedKey, where: str) -> KeyRingError:
    """Return what to raise if a data key does not unwrap."""
    return KeyRingError(f"its data key was not wrapped by key '{wrapped.key_id}' of the {where}")
