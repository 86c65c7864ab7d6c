# SPDX-License-Identifier: Apache-2.0
"""The way back of an operation: the version that was left runs again, and repeats what it must."""

from __future__ import annotations

from dataclasses import replace

from flinksec_jobs.deploy.acceptance import Start
from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.kube_errors import KubeUnreachableError
from flinksec_jobs.deploy.operation import Operation, Outcome, Phase
from flinksec_jobs.deploy.record import Book
from flinksec_jobs.deploy.step_tools import StepTools
from flinksec_jobs.deploy.workload import Workload
from flinksec_jobs.errors import FlinkSecError, SealedStateError

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
            own = self._own_checkpoint(now)
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
        """Apply the old version's objects again, and start it."""
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
        own = self._own_checkpoint(now)
        if not own:
            return now.origin, False
        if self._can_go_on_from(own, self._tools.source(now)):
            return own, False
        self._tools.waiting.tell(
            f"the old version cannot go on from {own}: what the new one has written since the "
            "savepoint is written again"
        )
        return now.origin, True

    def _can_go_on_from(self, path: str, version: Version) -> bool:
        """Look whether a version can read a checkpoint; storage may be away for a moment."""
        inside, waiting = self._tools.inside, self._tools.waiting
        for look in range(_LOOKS):
            if look:
                waiting.tell(f"looks at {path} once more")
                waiting.sleep(_SECONDS_BETWEEN_LOOKS)
            try:
                found = inside.check(version.objects, state=path)
                if found.dropped:
                    return False
                if not found.unreadable:
                    # A server that is away keeps no version from going on from there.
                    if found.problems:
                        inside.verify(version.objects, path)
                    return True
            except KubeUnreachableError:
                raise
            except SealedStateError as error:
                waiting.tell(f"the old version cannot read {path}: {error.message}")
            except FlinkSecError as error:
                # Flink refuses by itself what does not fit; nothing is written twice by trying.
                waiting.tell(f"the old version could not be asked about {path}: {error.message}")
                return True
        return False

    def _own_checkpoint(self, now: Operation) -> str:
        """Return the newest checkpoint that the new version completed; empty for none."""
        was_started = any(entry.phase is Phase.STARTING for entry in now.log)
        if not was_started:
            return ""
        number = self._last_number(now)
        if number == 0:
            return ""
        if number and now.back_origin:
            return f"{now.back_origin.rpartition('/')[0]}/chk-{number}"
        # It failed for good, and its pointers are gone; or Flink could never be asked.
        try:
            found = self._tools.inside.newest(self._tools.source(now).objects)
        except SealedStateError:
            if now.running_at:
                raise
            return ""  # it never ran
        for one in found:
            if not one.is_savepoint and one.job_id == now.new_job:
                return one.path
        return ""

    def _last_number(self, now: Operation) -> int | None:
        return HaMaps(self._tools.api, self._tools.target(now)).last_checkpoint(now.new_job)
