# SPDX-License-Identifier: Apache-2.0
"""``flinksec certs`` rotate and create, killed anywhere."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.generations import Generations
from flinksec_jobs.certs.inspection import inspect
from flinksec_jobs.certs.rotate import Step, rotate
from flinksec_jobs.errors import CertificateError
from tests import certificates as make
from tests.unit.certs.rotation_state import done, shown, trusted

Flinksec = Callable[..., Result]
# At every ninth change it is killed: at each one takes minutes.
EVERY = 9


class KilledError(BaseException):
    """Stands for SIGKILL: nothing handles it."""


class Killer:
    """Ends the process, as it were, before its n-th change of the file system."""

    CHANGES = ("os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir", "shutil.rmtree")

    def __init__(self) -> None:
        self.left: int | None = None
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.left is None:
            return
        is_write = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY
        if is_write or event in self.CHANGES:
            if self.left == 0:
                # As it is: what runs on the way out of a dead process must not be harmed.
                self.left = None
                raise KilledError
            self.left -= 1

    @contextmanager
    def after(self, changes: int) -> Iterator[None]:
        self.left = changes
        try:
            yield
        finally:
            self.left = None


@pytest.fixture(scope="module")
def killer() -> Killer:
    return Killer()


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 2, 3])
def test_killed_anywhere_a_step_leaves_what_was_or_what_will_be_and_can_be_repeated(
    tmp_path: Path, killer: Killer, step: int
) -> None:
    original = tmp_path / "certs"
    create(original, Request(make.SERVICES, clients=("cli",)))
    for one in range(1, step):
        rotate(original, Step(one))
    before = trusted(original), shown(original)
    outcomes = []
    for changes in range(step % EVERY, 1000, EVERY):
        certs = tmp_path / "copy"
        shutil.copytree(original, certs, symlinks=True)
        try:
            with killer.after(changes):
                rotate(certs, Step(step))
        except KilledError:
            pass
        else:
            break
        outcomes.append(done(certs))
        found = {finding.id for finding in inspect([certs]).findings}
        assert found <= {"rotation-under-way"}
        if outcomes[-1] == step - 1:
            assert (trusted(certs), shown(certs)) == before
            if len(outcomes) % 4 == 0:
                rotate(certs, Step(step))
                assert done(certs) == step % 3
                assert len(list(certs.glob(".generation-*"))) == 1
        shutil.rmtree(certs)
    # It was killed at many points, the last ones after the change.
    assert len(outcomes) > 3
    assert outcomes == sorted(outcomes, key=lambda state: state != step - 1)
    assert set(outcomes) == {step - 1, step % 3}


def test_killed_anywhere_create_leaves_nothing_or_everything_and_can_be_repeated(
    tmp_path: Path, killer: Killer
) -> None:
    request = Request(make.SERVICES, clients=("cli",))
    complete = []
    for changes in range(0, 1000, EVERY):
        certs = tmp_path / str(changes)
        try:
            with killer.after(changes):
                create(certs, request)
        except KilledError:
            pass
        else:
            break
        is_there = Generations(certs).exists()
        complete.append(is_there)
        if is_there:
            with pytest.raises(CertificateError, match="never overwritten"):
                create(certs, request)
        elif len(complete) % 4 == 0:
            create(certs, request)
            assert len(list(certs.glob(".generation-*"))) == 1
        if Generations(certs).exists():
            assert inspect([certs]).findings == ()
    assert len(complete) > 3
    assert complete == sorted(complete)
