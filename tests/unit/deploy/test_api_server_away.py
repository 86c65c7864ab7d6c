# SPDX-License-Identifier: Apache-2.0
"""An API server that is away, hangs, resets or sends nonsense is asked again; others are not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.cli import deploy_session
from flinksec_jobs.cli.cluster_access import Access
from flinksec_jobs.deploy import lease as lease_module
from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.kube_errors import (
    ForbiddenError,
    KubeError,
    KubeUnreachableError,
    UnauthorizedError,
)
from flinksec_jobs.deploy.lease import SECONDS, Lease, LeaseHeldError
from flinksec_jobs.deploy.operation import Phase
from flinksec_jobs.deploy.outside import KubeObject, Ref
from tests.certificates import EXPIRED, authority, signed, write_cert_manager
from tests.unit.deploy.bad_server import OBJECT, BadServer
from tests.unit.deploy.fakes import Bench, FakeApi, version
from tests.unit.deploy.world import World

MAP = Ref("v1", "ConfigMap", "flinksec-record")
CA = authority()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return write_cert_manager(tmp_path / "server", signed(CA), CA.certificate)


@pytest.fixture
def server(files: Path) -> Iterator[BadServer]:
    with _running(BadServer(files)) as found:
        yield found


class _running:  # noqa: N801  as a function that yields
    def __init__(self, server: BadServer) -> None:
        self._server = server

    def __enter__(self) -> BadServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.close()


class Clock:
    """Time that goes on when somebody waits for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


def kube(
    made: Any, clock: Clock, told: list[str] | None = None, login: Callable[[], Any] | None = None
) -> Kube:
    return Kube(
        made,
        "flights",
        patience=100,
        login=login,
        tell=(told if told is not None else []).append,
        timeouts=(5.0, 0.5),
        clock=clock,
        sleep=clock.sleep,
    )


@pytest.mark.parametrize(
    "does", ["hangs", "stops", "resets", "cuts", "page", "garbage", 408, 429, 500, 502, 503, 504]
)
def test_what_is_no_answer_is_asked_for_again_and_told_once(
    server: BadServer, files: Path, does: object
) -> None:
    clock, told = Clock(), list[str]()
    api = kube(server.client(files / "ca.crt"), clock, told)
    assert api.get(MAP) == OBJECT
    server.does = [does, does, does]
    assert api.get(MAP) == OBJECT
    assert clock.slept == [0.5, 1.0, 2.0]
    assert len(told) == 2, told
    assert told[0].startswith("the API server does not answer: ")
    assert told[0].endswith("; asking again")
    assert told[1] == "the API server answers again"


CHANGES: dict[str, Callable[[Kube], object]] = {
    "apply": lambda api: api.apply(OBJECT | {"apiVersion": "v1"}),
    "create": lambda api: api.create(OBJECT | {"apiVersion": "v1"}),
    "replace": lambda api: api.replace(OBJECT | {"apiVersion": "v1"}),
    "patch": lambda api: api.patch(MAP, {"data": {"a": "b"}}),
    "delete": lambda api: api.delete(MAP),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_not_sent_again_if_another_command_has_taken_over_meanwhile(
    server: BadServer, files: Path, change: Callable[[Kube], object]
) -> None:
    asked = list[float]()
    clock = Clock()

    def lost() -> None:
        asked.append(clock.now)
        if len(asked) > 1:
            raise LeaseHeldError("bob is at work")

    api = kube(server.client(files / "ca.crt"), clock)
    api.before_again = lost
    server.does = [503]
    change(api)
    assert (server.requests, asked) == (2, [0.5])
    server.does = [503, 503]
    with pytest.raises(LeaseHeldError, match="bob"):
        change(api)
    assert server.requests == 3
    server.does = [503]
    api.get(MAP)
    assert len(asked) == 2


def test_a_command_sends_no_change_again_without_its_lease(
    server: BadServer, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy_session, "api_client", lambda _: server.client(files / "ca.crt"))
    api = kube(server.client(files / "ca.crt"), Clock())
    monkeypatch.setattr(Kube, "who", lambda _: "alice")
    deploy_session.lease_in(api, Access(None, None, None))
    # It has expired, and the server knows of no holder.
    monkeypatch.setattr(lease_module, "SECONDS", -1)
    server.does = [503]
    with pytest.raises(LeaseHeldError, match="another may be at work"):
        api.patch(MAP, {})


def test_a_server_that_says_when_it_wants_to_be_asked_is_asked_then(
    server: BadServer, files: Path
) -> None:
    clock = Clock()
    server.does, server.headers = [429, 503], {"Retry-After": "7"}
    assert kube(server.client(files / "ca.crt"), clock).get(MAP) == OBJECT
    assert clock.slept == [7.0, 7.0]


def test_a_connection_that_is_refused_is_tried_for_as_long_as_patience_lasts_and_all_calls_share_it(
    server: BadServer, files: Path
) -> None:
    clock, told = Clock(), list[str]()
    api = kube(server.client(files / "ca.crt"), clock, told)
    api.get(MAP)
    server.close()
    with pytest.raises(KubeUnreachableError, match="does not answer") as caught:
        api.get(MAP)
    assert 90 < clock.now <= 100
    assert "run the same command again" in str(caught.value.hint)
    with pytest.raises(KubeUnreachableError):
        api.delete(MAP)  # what tidies up does not wait as long again
    assert clock.now <= 100
    assert len(told) == 1


def test_a_server_that_never_answered_is_given_up_after_a_minute(
    server: BadServer, files: Path
) -> None:
    clock = Clock()
    made = server.client(files / "ca.crt")
    server.close()
    with pytest.raises(KubeUnreachableError):
        kube(made, clock).get(MAP)
    assert clock.now <= 60


def test_a_token_that_has_ended_is_read_again_once(
    server: BadServer, files: Path, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("new")
    logins = []

    def login() -> Any:
        logins.append(token.read_text())
        return server.client(files / "ca.crt", token.read_text())

    server.token = "new"
    api = kube(server.client(files / "ca.crt", "old"), Clock(), login=login)
    assert api.get(MAP) == OBJECT
    assert (logins, server.requests) == (["new"], 2)
    server.token = "another"
    with pytest.raises(ForbiddenError, match="does not take this login") as caught:
        api.get(MAP)
    assert (logins, server.requests) == (["new", "new"], 4)
    assert "log in again" in str(caught.value.hint)


def test_another_server_than_that_of_the_login_is_refused_at_once(
    server: BadServer, tmp_path: Path, files: Path
) -> None:
    clock = Clock()
    other = write_cert_manager(tmp_path / "other", signed(CA), authority("another", 16).certificate)
    with pytest.raises(KubeError, match="is not the one that the login names") as caught:
        kube(server.client(other / "ca.crt"), clock).get(MAP)
    assert not isinstance(caught.value, KubeUnreachableError)
    assert "kubeconfig" in str(caught.value.hint)
    assert clock.slept == []


def test_a_client_certificate_that_has_ended_is_refused_with_the_way_out(
    files: Path, tmp_path: Path
) -> None:
    ended = write_cert_manager(tmp_path / "client", signed(CA, valid=EXPIRED), CA.certificate)
    with _running(BadServer(files, wants_certificate=True)) as server:
        made = server.client(files / "ca.crt")
        made.configuration.cert_file = str(ended / "tls.crt")
        made.configuration.key_file = str(ended / "tls.key")
        made = type(made)(made.configuration)
        with pytest.raises(UnauthorizedError, match="client certificate of the login") as caught:
            kube(made, Clock()).get(MAP)
    assert "it may have ended" in str(caught.value.hint)


def test_a_lease_that_expired_while_nobody_answered_is_renewed_unless_another_has_it() -> None:
    world = World()
    lease = Lease(FakeApi(world), "alice", clock=world.clock, sleep=world.sleep)
    lease.take()
    world.sleep(10 * SECONDS)
    lease.check()
    world.sleep(2 * SECONDS)
    other = Lease(FakeApi(world), "bob", clock=world.clock, sleep=world.sleep)
    other.take()
    with pytest.raises(LeaseHeldError, match="bob"):
        lease.check()
    other.check()


@pytest.mark.parametrize("renews", [False, True], ids=["taken", "renewed"])
def test_a_lease_whose_answer_is_slow_is_held_from_when_it_was_asked_for(renews: bool) -> None:
    """Others count from when it was written: this is over for them before it is by the answer."""
    world = World()

    class Slow(FakeApi):
        def create(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
            return self._later(super().create(content, dry_run=dry_run))

        def replace(self, content: KubeObject) -> KubeObject:
            return self._later(super().replace(content))

        def _later(self, written: KubeObject) -> KubeObject:
            world.sleep(9)
            return written

    lease = Lease(Slow(world), "alice", clock=world.clock, sleep=world.sleep)
    asked = world.clock()
    lease.take()
    if renews:
        asked = world.clock()
        lease.renew()
    assert world.clock() - asked == 9
    world.sleep(SECONDS - 9)
    lease.check()  # for the last time
    spec = world.objects["Lease", "flinksec-deploy"]["spec"]
    spec["holderIdentity"] = "bob"
    world.sleep(1)
    with pytest.raises(LeaseHeldError, match="bob"):
        lease.check()


def test_a_lease_is_taken_patiently_and_renewed_and_given_back_by_the_quick_client() -> None:
    world, asked = World(), list[str]()

    class Named(FakeApi):
        def __init__(self, name: str) -> None:
            super().__init__(world)
            self._name = name

        def get(self, what: Ref) -> KubeObject | None:
            asked.append(self._name)
            found: KubeObject | None = super().get(what)
            return found

    lease = Lease(
        Named("patient"), "alice", quick=Named("quick"), clock=world.clock, sleep=world.sleep
    )
    lease.take()
    world.sleep(2 * SECONDS)
    lease.check()
    assert set(asked) == {"patient"}
    asked.clear()
    lease.give_back()
    assert asked == ["quick"]


def test_a_job_that_is_well_is_accepted_though_nobody_could_look_at_it_for_long() -> None:
    """Before, the time without an API server counted, and the new version was rolled back."""

    class Away(FakeApi):
        """Is away once, while the new version is watched."""

        was_away = False

        def get(self, what: Ref) -> KubeObject | None:
            pending = self.world.objects.get(("ConfigMap", "flinksec-record"), {}).get("data", {})
            is_watched = what.kind == "Job" and any(Phase.ACCEPTING in key for key in pending)
            if is_watched and not self.was_away:
                self.was_away = True
                self.world.sleep(300)
            found: KubeObject | None = super().get(what)
            return found

    bench = Bench()
    bench.commands().deploy(version())
    bench.rest()
    bench.api = Away(bench.world)
    done = bench.commands(timeout=30).upgrade(version("registry/job@sha256:new"))
    assert isinstance(bench.api, Away)
    assert bench.api.was_away
    assert done.past is not None
    assert done.past.outcome == "accepted", done.past.why
    assert bench.world.violations == []
