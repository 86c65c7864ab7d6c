# SPDX-License-Identifier: Apache-2.0
"""What is looked at before anything is touched: whether the new version can run, and go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from flinksec_jobs.deploy.job_version import SAVEPOINTS, Version
from flinksec_jobs.deploy.objects_applied import ObjectsApplied
from flinksec_jobs.deploy.outside import Inside
from flinksec_jobs.deploy.step_errors import RefusedError
from flinksec_jobs.state import SEALED


class ChecksBefore:
    """The checks.

    Args:
        objects: what may be applied.
        inside: looks from within the cluster.
        tell: gets a line for each warning.
    """

    def __init__(
        self, objects: ObjectsApplied, inside: Inside, tell: Callable[[str], None]
    ) -> None:
        self._objects, self._inside, self._tell = objects, inside, tell

    def refuse(
        self,
        version: Version,
        recorded: Mapping[str, str] | None,
        *,
        state: str,
        drop_state: bool,
    ) -> None:
        """Refuse a version that could not run, or would lose state.

        Args:
            version: to be deployed.
            recorded: hash of each object that is deployed; ``None`` if nothing is.
            state: checkpoint or savepoint that shows what it will go on from; empty for none.
            drop_state: whether state without an operator may be dropped.

        Raises:
            RefusedError: it could not run, or would lose state.
            DeployError: the API server does not take an object, or it could not be looked.
        """
        _refuse_state_that_nobody_looks_at(version)
        self._objects.refuse_what_must_be_others(version, recorded)
        self._tell("asks the API server whether it takes every object")
        self._objects.dry_run(version)
        changed = "nothing was changed"
        if recorded is None:
            changed = "the objects beside the job were applied, and no job was started"
            # Nothing runs yet, and a pod needs its accounts, volume and policies to be looked from.
            self._objects.apply(version)
        self._tell("looks from within the cluster whether this version can run")
        found = self._inside.check(version.objects, state=state or None)
        for warning in found.warnings:
            self._tell(f"warning: {warning}")
        if found.problems:
            raise RefusedError(
                f"this version cannot run: {_listed(found.problems)}",
                hint=f"{changed}; mend that and run the command again",
            )
        for one in found.added:
            self._tell(f"begins from nothing, as the state has nothing for it: {one}")
        if found.dropped and not drop_state:
            raise RefusedError(
                "this version has no operator for some of the state, which would be lost: "
                f"{_listed(found.dropped)}",
                hint=f"{changed}; give the operator its uid again, or drop its state on purpose: "
                "--allow-non-restored-state",
            )
        for one in found.dropped:
            self._tell(f"drops the state of {one}")


def _refuse_state_that_nobody_looks_at(version: Version) -> None:
    """Refuse state beside a mounted volume: a look from inside opens no other."""
    directory = str(version.config.get(SAVEPOINTS) or "")
    scheme = urlsplit(directory.removeprefix(SEALED)).scheme
    if scheme not in {"", "file"}:
        raise RefusedError(
            f"the state of this job is on {scheme}:, where no savepoint can be verified",
            hint=f"set state.directory to a mounted volume; {SAVEPOINTS} is {directory}",
        )


def _listed(sentences: Sequence[str]) -> str:
    return "; ".join(sentences)
