# SPDX-License-Identifier: Apache-2.0
"""What a job leaves that is ended without a savepoint: looked at first, and told if it is none."""

from __future__ import annotations

from flinksec_jobs.deploy.found import Found
from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.own_objects import RECORD
from flinksec_jobs.deploy.record import Book
from flinksec_jobs.deploy.step_errors import RefusedError
from flinksec_jobs.deploy.steps import Steps
from flinksec_jobs.deploy.stopping_jobs import NothingLeftError, checkpoint_left_by

ANEW = (
    "to lose its state on purpose: `kubectl delete job flink-jobmanager`, `kubectl delete "
    f"configmap {RECORD.name}`, and `flinksec deploy OVERLAY` starts it from nothing, with "
    'job.resume = "never" in the settings of that one start'
)
"""The way out where nothing is left to go on from."""


class Ending:
    """Looks whether a job may be ended without a savepoint.

    Args:
        steps: what it looks with.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def refuse_if_it_leaves_nothing(self, book: Book, found: Found) -> None:
        """Refuse to end a job whose last checkpoint cannot be found and read.

        Raises:
            RefusedError: nothing could go on from it without losing some.
        """
        assert book.current is not None  # noqa: S101
        assert found.job is not None  # noqa: S101
        version = self._steps.version(book.current.revision)
        maps = HaMaps(self._steps.api, version)
        origin = book.current.origin
        try:
            checkpoint_left_by(
                found.job.job_id, maps, self._steps.inside, version.objects, began_from=origin
            )
        except NothingLeftError as error:
            raise RefusedError(
                f"nothing was changed, as nothing could go on from the job: {error.message}",
                hint=f"{error.hint}; {ANEW}",
            ) from error


def left_nothing() -> RefusedError:
    """Return the refusal to go on from a job that left nothing when it was ended."""
    return RefusedError(
        "the job was ended, and nothing was found that it can go on from without losing some",
        hint="`flinksec history` has why; when its checkpoints can be read again, `flinksec "
        f"recover` shows them and asks, or `flinksec recover --from-savepoint PATH`; {ANEW}",
    )
