# SPDX-License-Identifier: Apache-2.0
"""What a start goes on from: checkpoints and savepoints that earlier jobs have left."""

from __future__ import annotations

from flinksec_jobs.deploy.acceptance import same_path
from flinksec_jobs.deploy.ending import ANEW, left_nothing
from flinksec_jobs.deploy.found import Found
from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.outside import StateFound
from flinksec_jobs.deploy.record import Book, Current
from flinksec_jobs.deploy.step_errors import RefusedError
from flinksec_jobs.deploy.steps import Steps


class Origins:
    """Finds them.

    Args:
        steps: what they are found with.
        named: on the command line; empty to find them.
    """

    def __init__(self, steps: Steps, named: str) -> None:
        self._steps, self._named = steps, named

    def left_by(self, current: Current, version: Version) -> str:
        """Return what the job that was deployed last has left, or one that ran after it.

        The savepoint of the record alone would not do: somebody may have run the job since.
        """
        if current.left_nothing:
            raise left_nothing()
        found = list(self._steps.inside.newest(version.objects))
        stopped_with = current.savepoint if current.stopped else ""
        if not stopped_with:
            return found[0].path if found else ""
        own = next((one for one in found if same_path(one.path, stopped_with)), None)
        if own is None:
            raise RefusedError(
                f"the savepoint with which the job was stopped cannot be read: {stopped_with}",
                hint="bring it back, or name another one: --from-savepoint PATH",
            )
        if found[0].number <= own.number:
            return own.path
        self._steps.waiting.tell(
            f"the job has run since it was stopped, and goes on from {found[0].path}"
        )
        return found[0].path

    def states(self, version: Version) -> list[StateFound]:
        """Return what there is to go on from, newest first, or what was named alone.

        Raises:
            RefusedError: there is nothing.
        """
        if self._named:
            return [self._steps.inside.verify(version.objects, self._named)]
        found = list(self._steps.inside.newest(version.objects))
        if not found:
            raise RefusedError(
                "no checkpoint or savepoint of the job can be read",
                hint="look at the volume and at the state keys: `flinksec state verify`; if it has "
                f"never completed a checkpoint, there is none: {ANEW}",
            )
        return found

    def never_completed(self, book: Book, found: Found) -> bool:
        """Tell whether the job that is there has never completed a checkpoint."""
        assert found.job is not None  # noqa: S101
        if book.current is None or book.current.origin or found.last_checkpoint:
            return False
        maps = HaMaps(self._steps.api, self._steps.version(book.current.revision))
        number = maps.last_checkpoint(found.job.job_id)
        return number == 0 or (number is None and maps.is_used and not book.current.accepted)
