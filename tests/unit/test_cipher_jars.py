# SPDX-License-Identifier: Apache-2.0
"""Which jar a cipher of sealed state has, and that nothing else is looked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flinksec_jobs import state
from flinksec_jobs.image.jars import JOB_SETS
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.jars_lock import SETS
from flinksec_jobs.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def settings(cipher: str, *, sealed: bool = True) -> Settings:
    section = {"directory": "/mnt/state", "keys": "/keys", "cipher": cipher, "sealed": sealed}
    return Settings.model_validate({"state": section})


def test_only_a_cipher_that_was_named_has_a_jar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "jars", lambda name: [Path(f"/{name}.jar")])
    assert state.cipher_jars(Settings()) == []
    assert state.cipher_jars(settings("jdk")) == []
    # State that was sealed before is read by it too, where new state is not sealed.
    for sealed in (True, False):
        assert state.cipher_jars(settings("conscrypt", sealed=sealed)) == [Path("/conscrypt.jar")]


def test_images_carry_it_and_java_s_tests_run_with_the_very_version() -> None:
    assert "conscrypt" in JOB_SETS
    (root,) = SETS["conscrypt"].roots
    pom = (ROOT / "connectors" / "pom.xml").read_text(encoding="utf-8")
    found = re.search(r"<conscrypt.version>(.*)</conscrypt.version>", pom)
    assert found is not None
    assert root == f"org.conscrypt:conscrypt-openjdk-uber:{found[1]}"
