# SPDX-License-Identifier: Apache-2.0
"""Whether the version that a command is given is the one that runs already."""

from __future__ import annotations

from flinksec_jobs.deploy.found import Finder
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.outside import Ref
from flinksec_jobs.deploy.preview import preview
from flinksec_jobs.deploy.record import Book
from flinksec_jobs.deploy.steps import Steps


class SameVersion:
    """Compares a version with what is recorded, and with what is in the cluster.

    Args:
        steps: what it looks with.
        finder: compares with the cluster.
    """

    def __init__(self, steps: Steps, finder: Finder) -> None:
        self._steps, self._finder = steps, finder

    def runs(self, book: Book, version: Version) -> bool:
        """Tell whether a version is what runs.

        It is if it was recorded. What runs may have been read from the cluster, with all that the
        API server puts into objects; then it is if to apply the version would change nothing.
        """
        assert book.current is not None  # noqa: S101
        recorded = self._steps.version(book.current.revision)
        if recorded.hash == version.hash:
            return True
        return not self._finder.changed(version) and self._would_change_nothing(recorded, version)

    def _would_change_nothing(self, recorded: Version, version: Version) -> bool:
        known = {Ref.of(one): one for one in recorded.objects}
        given = {Ref.of(one): one for one in version.objects}
        for change in preview(self._steps.api, self._steps.objects, version):
            is_as_recorded = known.get(change.what) == given[change.what]
            if change.how != "not looked at" or not is_as_recorded:
                return False
        return not any(self._steps.api.get(what) for what in known.keys() - given.keys())
