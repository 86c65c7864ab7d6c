# SPDX-License-Identifier: Apache-2.0
"""The way back of an operation: the version that was left runs again, and repeats what it must."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from flinksec_jobs.deploy.acceptance import Start, same_path
from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.kube_errors import ConflictError, KubeUnreachableError
from flinksec_jobs.deploy.lease import LeaseHeldError
from flinksec_jobs.deploy.operation import Operation, Outcome, Phase
from flinksec_jobs.deploy.outside import StateFound
from flinksec_jobs.deploy.record import Book
from flinksec_jobs.deploy.step_errors import ForeignChangeError, UnclearError
from flinksec_jobs.deploy.step_tools import StepTools
from flinksec_jobs.deploy.workload import Workload
from flinksec_jobs.errors import DeployError, FlinkSecError, SealedStateError

_NOT_REFUSED = (
    ConflictError,
    ForeignChangeError,
    KubeUnreachableError,
    LeaseHeldError,
    UnclearError,
)
_LOOKS = 3
_SECONDS_BETWEEN_LOOKS = 10.0


class WayBack:
    """The steps back, each of which can be done again after a kill.

    Args:
        tools: what they are done with.
    """

    def __init__(self, tools: StepTools) -> None:
        self._tools = tools

    def revert(self, book: Book, now: Operation) -> Book:
        """Take the new job away, and find what the old version goes on from."""
        leg = self._tools.leg(now)
        leg.end_job(uids={now.old_uid, now.new_uid} - {""}, job_ids={now.new_job} - {""})
        if now.source is None:  # there was nothing before
            leg.clear(uids=())
            own, _ = self._own_state(now)
            never = not own and self._last_number(now) is None
            book = replace(book, pending=replace(now, back_origin=own))
            return self._tools.end(book, Outcome.UNDONE, now.why, left_nothing=never)
        origin, repeats = self._goes_back_to(now)
        # By its own id alone it goes on without any state.
        is_own = now.old_job == now.new_job and not origin
        return self._tools.enter(
            book,
            Phase.RESTORING,
            back_origin=origin,
            back_job=now.old_job if is_own else self._tools.make_id(),
            repeats=repeats,
            running_at=0.0,
        )

    def restore(self, book: Book, now: Operation) -> Book:
        """Apply the old version's objects again, and start it.

        Raises:
            DeployError: Kubernetes refuses it; says how another version goes on from there.
        """
        try:
            return self._restored(book, now)
        except _NOT_REFUSED:
            raise
        except DeployError as error:
            state = f" --from-savepoint {now.back_origin}" if now.back_origin else ""
            raise DeployError(
                f"the old version cannot be started again: {error.message}",
                hint="see to it that the cluster takes it, and run the command again; or start "
                f"another one from where this stands: `flinksec recover OVERLAY{state}`",
            ) from error

    def _restored(self, book: Book, now: Operation) -> Book:
        there = self._tools.leg(now)
        back = replace(there, leaving=there.coming, coming=there.leaving)
        known = {now.new_job, now.back_job} - {""}
        workload = Workload(self._tools.api, back.coming)
        job = workload.job()
        started = back.coming.started(now.back_job, now.back_origin)
        if job is None or job.job_id != now.back_job:
            back.clear(uids={now.old_uid, now.new_uid} - {""}, job_ids=known)
            back.apply(started, ended={now.old_job, now.new_job} - {"", now.back_job})
        uid = back.start(started, now.source or 0)
        return self._tools.enter(book, Phase.CONFIRMING, new_uid=uid)

    def confirm(self, book: Book, now: Operation) -> Book:
        """Watch the old version."""
        again = now.is_watched_again
        start = Start(now.back_job, now.new_uid, now.back_origin, now.steady, again=again)
        book, verdict = self._tools.watch(book, self._tools.source(now), start)
        if verdict.accepted:
            return self._tools.end(book, Outcome.ROLLED_BACK, now.why)
        outcome = Outcome.ABANDONED if verdict.has_ended else Outcome.NOT_ACCEPTED
        return self._tools.end(book, outcome, f"{now.why}; and the old version: {verdict.why}")

    def _goes_back_to(self, now: Operation) -> tuple[str, bool]:
        """Return what the old version goes on from, and whether that repeats what was committed."""
        own, is_unseen = self._own_state(now)
        if not own and not is_unseen:
            return now.origin, False
        if own and self._can_go_on_from(own, now):
            return own, False
        self._tools.waiting.tell(
            f"the old version cannot go on from {own or 'what the new one has left'}: what the new "
            "one has written since the savepoint is written again"
        )
        return now.origin, True

    def _can_go_on_from(self, path: str, now: Operation) -> bool:
        """Look whether the old version can read a checkpoint, and finds its own state there."""
        inside, tell = self._tools.inside, self._tools.waiting.tell
        objects = self._tools.source(now).objects
        for _ in self._looks(path):
            try:
                found = inside.check(objects, state=path)
                # What the new version was allowed to drop is in the savepoint only.
                if found.dropped or (now.drop_state and found.added):
                    return False
                if not found.unreadable:
                    # A server that is away keeps no version from going on from there.
                    if found.problems:
                        inside.verify(objects, path)
                    return True
            except KubeUnreachableError:
                raise
            except SealedStateError as error:
                tell(f"the old version cannot read {path}: {error.message}")
            except FlinkSecError as error:
                # Flink refuses by itself what does not fit; nothing is written twice by trying.
                tell(f"the old version could not be asked about {path}: {error.message}")
                return True
        return False

    def _own_state(self, now: Operation) -> tuple[str, bool]:
        """Return the newest state that the new version has written, and whether one is unseen.

        Returns:
            Its path, empty for none; and whether there is, or may be, one that cannot be found.
        """
        was_started = any(entry.phase is Phase.STARTING for entry in now.log)
        number = self._last_number(now) if was_started else 0
        if number == 0:
            return "", False
        if number and now.back_origin:
            return f"{now.back_origin.rpartition('/')[0]}/chk-{number}", False
        # It failed for good, and its pointers are gone; or Flink could never be asked.
        found = self._listed(now)
        if found is None:
            return now.back_origin, bool(number or now.running_at)
        own = [one.path for one in found if one.job_id and now.new_job.startswith(one.job_id)]
        began = [one.number for one in found if same_path(one.path, now.origin)]
        is_unseen = bool(number and began and number > began[0])
        return (own[0], False) if own else (now.back_origin, is_unseen)

    def _listed(self, now: Operation) -> Sequence[StateFound] | None:
        """Return what is on the volume, newest first; None if that cannot be told."""
        for _ in self._looks("the volume"):
            try:
                return self._tools.inside.newest(self._tools.source(now).objects)
            except SealedStateError as error:
                self._tools.waiting.tell(f"the state cannot be listed: {error.message}")
        return None

    def _looks(self, what: str) -> Iterator[int]:
        """Yield some times, with waits between: storage may be away for a moment."""
        for look in range(_LOOKS):
            if look:
                self._tools.waiting.tell(f"looks at {what} once more")
                self._tools.waiting.sleep(_SECONDS_BETWEEN_LOOKS)
            yield look

    def _last_number(self, now: Operation) -> int | None:
        return HaMaps(self._tools.api, self._tools.target(now)).last_checkpoint(now.new_job)
