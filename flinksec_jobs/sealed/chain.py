# SPDX-License-Identifier: Apache-2.0
"""Several key providers as one: the first seals, all of them open. So state moves between them."""

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed.associated import AssociatedData
from flinksec_jobs.sealed.format import WrappedKey
from flinksec_jobs.sealed.provider import KeyMissingError, KeyProvider


class KeyChain:
    """The keys of several providers.

    Args:
        first: its primary key wraps the data keys of new files.
        others: asked, in this order, for keys that the ones before do not have.

    Raises:
        KeyRingError: if two of them have a key of the same id: a file names its key by the id, so
            nobody could tell when the one key is not needed any more.
    """

    def __init__(self, first: KeyProvider, *others: KeyProvider) -> None:
        self._first = first
        self._all = (first, *others)
        holders: dict[str, KeyProvider] = {}
        for provider in self._all:
            for key in provider.key_ids:
                if key in holders:
                    raise KeyRingError(
                        f"the {holders[key].describe()} and the {provider.describe()} both have "
                        f"a key '{key}'",
                        hint="ids must differ where state moves: add a key with another id first",
                    )
                holders[key] = provider

    @property
    def primary_id(self) -> str:
        """The first provider's primary key."""
        return self._first.primary_id

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys of all providers, sorted."""
        return tuple(sorted({key for provider in self._all for key in provider.key_ids}))

    def wrap(self, data_key: bytes, associated: AssociatedData) -> WrappedKey:
        """Wrap a data key under the first provider's primary key."""
        return self._first.wrap(data_key, associated)

    def unwrap(self, wrapped: WrappedKey, associated: AssociatedData) -> bytes:
        """Return the data key, from the first provider that unwraps it.

        Raises:
            KeyRingError: what the first provider that has the key says of it; that the key is
                missing, if none has it.
        """
        missing: list[KeyMissingError] = []
        failed: KeyRingError | None = None
        for provider in self._all:
            try:
                return provider.unwrap(wrapped, associated)
            except KeyMissingError as e:
                missing.append(e)
            except KeyRingError as e:
                failed = failed or e
        if failed:
            raise failed
        raise KeyMissingError(
            f"key '{wrapped.key_id}' is not in the {self.describe()}", hint=missing[0].hint
        )

    def describe(self) -> str:
        """All of them."""
        return " or the ".join(provider.describe() for provider in self._all)
