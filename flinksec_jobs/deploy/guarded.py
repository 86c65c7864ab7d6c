# SPDX-License-Identifier: Apache-2.0
"""The API server behind a question: nothing is changed unless something still holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flinksec_jobs.deploy.outside import ApiServer, KubeObject, Ref


class Guarded:
    """An `ApiServer` that asks before each change.

    Args:
        api: does it.
        ask: raises if nothing may be changed any more.
    """

    def __init__(self, api: ApiServer, ask: Callable[[], None]) -> None:
        self._api, self._ask = api, ask

    @property
    def namespace(self) -> str:
        """The namespace of everything that has one."""
        return self._api.namespace

    def who(self) -> str:
        """Return the name of the account."""
        return self._api.who()

    def may(self, verb: str, what: Ref) -> bool:
        """Tell whether the account may do it."""
        return self._api.may(verb, what)

    def get(self, what: Ref) -> KubeObject | None:
        """Return an object, ``None`` if there is none."""
        return self._api.get(what)

    def list(
        self, api_version: str, kind: str, labels: Mapping[str, str] | None = None
    ) -> Sequence[KubeObject]:
        """Return the objects of a kind that have these labels."""
        return self._api.list(api_version, kind, labels)

    def apply(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """Apply server-side."""
        if not dry_run:
            self._ask()
        return self._api.apply(content, dry_run=dry_run)

    def create(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """Create an object."""
        if not dry_run:
            self._ask()
        return self._api.create(content, dry_run=dry_run)

    def replace(self, content: KubeObject) -> KubeObject:
        """Put this in place of an object."""
        self._ask()
        return self._api.replace(content)

    def patch(self, what: Ref, changes: Mapping[str, Any]) -> KubeObject:
        """Merge changes into an object."""
        self._ask()
        return self._api.patch(what, changes)

    def delete(self, what: Ref, *, uid: str | None = None) -> None:
        """Delete an object."""
        self._ask()
        self._api.delete(what, uid=uid)

    def logs(self, pod: str, *, container: str | None = None, lines: int = 50) -> str:
        """Return the last lines that a pod wrote."""
        return self._api.logs(pod, container=container, lines=lines)
