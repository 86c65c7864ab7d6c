# SPDX-License-Identifier: Apache-2.0
"""Pods of a job as they are now: what runs in them, and why one does not start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
JOBMANAGER_PODS = {NAME: "flink", COMPONENT: "jobmanager"}
ALL_PODS = {NAME: "flink"}
_ENDED = frozenset({"Succeeded", "Failed"})
# What each pod says for a moment.
_BEGINS = frozenset({None, "ContainerCreating", "PodInitializing"})


@dataclass(frozen=True)
class PodLook:
    """A pod.

    Attributes:
        name: of it.
        component: ``jobmanager`` or ``taskmanager``.
        phase: Kubernetes' word: ``Pending``, ``Running``, ``Succeeded``, ``Failed``; or
            ``Terminating``.
        has_ended: whether nothing of it runs any more.
        ready: whether it says that it is.
        restarts: how often its containers were started again.
        waits_for: why a container does not run: ``ImagePullBackOff: …``; empty otherwise.
        unscheduled: why no node takes it; empty if one does.
        exit_code: of its container that has ended; ``None`` while it runs.
        created: when, as Kubernetes writes it.
    """

    name: str
    component: str
    phase: str
    has_ended: bool
    ready: bool
    restarts: int
    waits_for: str
    unscheduled: str
    exit_code: int | None
    created: str

    @classmethod
    def of(cls, pod: Mapping[str, Any]) -> PodLook:
        """Read a pod."""
        metadata, status = pod["metadata"], pod.get("status") or {}
        containers = status.get("containerStatuses") or []
        ended = [one["state"]["terminated"] for one in containers if "terminated" in _state(one)]
        conditions = {one["type"]: one for one in status.get("conditions") or ()}
        scheduled = conditions.get("PodScheduled") or {}
        phase = str(status.get("phase") or "")
        return cls(
            name=str(metadata["name"]),
            component=str((metadata.get("labels") or {}).get(COMPONENT, "")),
            phase="Terminating" if "deletionTimestamp" in metadata else phase,
            has_ended=phase in _ENDED,
            ready=(conditions.get("Ready") or {}).get("status") == "True",
            restarts=sum(int(one.get("restartCount") or 0) for one in containers),
            waits_for=next(
                _waits_for([*(status.get("initContainerStatuses") or ()), *containers]), ""
            ),
            unscheduled=_said(scheduled) if scheduled.get("status") == "False" else "",
            exit_code=int(ended[0]["exitCode"]) if ended else None,
            created=str(metadata.get("creationTimestamp") or ""),
        )


def _state(container: Mapping[str, Any]) -> Mapping[str, Any]:
    state: Mapping[str, Any] = container.get("state") or {}
    return state


def _waits_for(containers: list[Mapping[str, Any]]) -> Iterator[str]:
    for container in containers:
        waiting = _state(container).get("waiting") or {}
        if waiting.get("reason") not in _BEGINS:
            yield _said(waiting)


def _said(told: Mapping[str, Any]) -> str:
    return f"{told.get('reason') or 'no reason'}: {told.get('message') or ''}".rstrip(": ")
