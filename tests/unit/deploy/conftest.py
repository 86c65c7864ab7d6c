# SPDX-License-Identifier: Apache-2.0
"""A world in memory behind the command line."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from flinksec_jobs.cli import deploy_session
from flinksec_jobs.cli.cluster_access import Access
from flinksec_jobs.deploy.lease import Lease
from flinksec_jobs.deploy.waiting import Waiting
from tests.unit.deploy.fakes import Bench, FakeFlink


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Commands meet a world in memory behind the command line."""
    found = Bench()
    world = found.world

    def waiting(timeout: float, tell: Any) -> Waiting:
        return Waiting(timeout, tell=tell, now=world.clock, clock=world.clock, sleep=world.sleep)

    monkeypatch.setattr(Access, "api", lambda *_, **__: found.api)
    monkeypatch.setattr(deploy_session, "api_client", lambda _: None)
    monkeypatch.setattr(deploy_session, "Kube", lambda *_, **__: found.api)
    monkeypatch.setattr(deploy_session, "reach", lambda *_, **__: FakeFlink(world))
    monkeypatch.setattr(deploy_session, "client_files", lambda _: None)
    monkeypatch.setattr(deploy_session, "ClusterInside", lambda *_: found.inside)
    monkeypatch.setattr(deploy_session, "Waiting", waiting)
    lease = functools.partial(Lease, clock=world.clock, sleep=world.sleep)
    monkeypatch.setattr(deploy_session, "Lease", lease)
    monkeypatch.setattr("flinksec_jobs.deploy.alone.Lease", lease)
    monkeypatch.setattr("flinksec_jobs.deploy.overlay_version.manifests.check", lambda _: [])
    return found
