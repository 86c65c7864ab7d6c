# SPDX-License-Identifier: Apache-2.0
"""One command at a time: a Lease that its holder renews, and that another takes when it expires.

Whether it has expired is told as Kubernetes' own leader election does it: it was not renewed while
somebody looked on for its whole duration. So no two clocks are compared. A holder that hung, and
wakes up after another has taken over, cannot write the record any more, as that has another
``resourceVersion`` by then; and nothing is done that was not written there before.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flinksec_jobs.deploy.kube_errors import ConflictError, KubeUnreachableError
from flinksec_jobs.deploy.outside import ApiServer, KubeObject
from flinksec_jobs.deploy.own_objects import LEASE
from flinksec_jobs.errors import DeployError, FlinkSecError

SECONDS = 30
_LOOK_SECONDS = 2.0
_MOST_TRIES = 5


class LeaseHeldError(DeployError):
    """Another command is at work."""


class Lease:
    """The right to change a deployment, for one command.

    Args:
        api: the API server.
        holder: who asks, for others to read.
        quick: the API server for what may not wait long: renewing from another thread, and giving
            back. Default: the same.
        tell: gets a line when it waits, and when it cannot be given back.
        clock: seconds that never go back.
        sleep: waits for some seconds.
    """

    def __init__(
        self,
        api: ApiServer,
        holder: str,
        *,
        quick: ApiServer | None = None,
        tell: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api, self._tell, self._clock, self._sleep = api, tell, clock, sleep
        self._quick = quick or api
        # Two commands of one person are two holders.
        self._holder = f"{holder} {secrets.token_hex(4)}"
        self._renewed = clock()
        self._lost = ""
        self._at_once = threading.Lock()

    def take(self) -> None:
        """Take it, from one that has expired too.

        Raises:
            LeaseHeldError: its holder is at work; says who.
        """
        seen, since, told = None, self._clock(), False
        while True:
            asked = self._clock()
            found = self._api.get(LEASE)
            spec = (found or {}).get("spec") or {}
            holder = spec.get("holderIdentity") or ""
            state = (holder, spec.get("renewTime"))
            if holder and holder != self._holder:
                if seen not in {None, state}:
                    raise LeaseHeldError(
                        f"another command is at work on this deployment: {holder}",
                        hint="wait until it has ended; one that was killed is recognised within "
                        f"{SECONDS} s",
                    )
                if seen is None:
                    seen, since = state, self._clock()
                if self._clock() - since < SECONDS:
                    if not told:
                        self._tell(f"waits whether the last command is still at work: {holder}")
                        told = True
                    self._sleep(_LOOK_SECONDS)
                    continue
            try:
                self._write(found, self._api)
            except ConflictError:
                seen, since = None, self._clock()  # somebody was faster
                continue
            self._renewed = asked
            return

    def renew(self) -> None:
        """Say that the command is still at work.

        Raises:
            LeaseHeldError: another has taken over.
        """
        self._renew(self._api)

    def _renew(self, api: ApiServer) -> None:
        with self._at_once:
            asked = self._clock()  # others count from when it was written, not from the answer
            found = api.get(LEASE)
            spec = (found or {}).get("spec") or {}
            if found is None or spec.get("holderIdentity") != self._holder:
                self._lost = str(spec.get("holderIdentity") or "nobody")
                self.check()
            self._write(found, api)
            self._renewed = asked

    def check(self) -> None:
        """See that it is still held, without asking as long as it has not expired.

        One that has expired, as the API server was away, is renewed if nobody has taken it: who
        takes it writes so.

        Raises:
            LeaseHeldError: another has taken over.
            KubeUnreachableError: it expired, and there is no answer.
        """
        if not self._lost and self._clock() - self._renewed > SECONDS:
            self._renew_expired()
        if self._lost:
            raise LeaseHeldError(
                f"this command was away for too long, and another may be at work now: {self._lost}",
                hint="run it again: it goes on where it was",
            )

    def _renew_expired(self) -> None:
        for _ in range(_MOST_TRIES):
            try:
                self.renew()
            except ConflictError:
                continue  # another of our threads, or another command: seen by the next look
            return
        self._lost = "somebody writes it again and again"

    def give_back(self) -> None:
        """Let others have it; one that is lost already stays with its new holder."""
        with self._at_once:
            found = self._quick.get(LEASE)
            spec = (found or {}).get("spec") or {}
            if found is not None and spec.get("holderIdentity") == self._holder:
                self._quick.replace(found | {"spec": spec | {"holderIdentity": ""}})

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it as long as a block runs; one that cannot be given back then is told.

        Raises:
            LeaseHeldError: its holder is at work; says who.
        """
        self.take()
        try:
            with self._kept():
                yield
        finally:
            try:
                self.give_back()
            except FlinkSecError as error:
                self._tell(f"the lease was not given back, and expires soon: {error.message}")

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Renew it from a thread of its own, as long as a block runs."""
        ended = threading.Event()

        def renewing() -> None:
            while not ended.wait(SECONDS / 4):
                try:
                    self._renew(self._quick)
                except (ConflictError, KubeUnreachableError):
                    continue  # once more; `check` tells when it was too long
                except DeployError:
                    return

        thread = threading.Thread(target=renewing, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(SECONDS)

    def _write(self, found: KubeObject | None, api: ApiServer) -> None:
        spec: dict[str, Any] = {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": SECONDS,
            "renewTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        if found is not None:
            api.replace(found | {"spec": spec})
            return
        api.create(
            {
                "apiVersion": LEASE.api_version,
                "kind": LEASE.kind,
                "metadata": {"name": LEASE.name, "namespace": api.namespace},
                "spec": spec,
            }
        )
