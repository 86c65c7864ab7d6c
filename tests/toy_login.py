# SPDX-License-Identifier: Apache-2.0
"""A mechanism of SASL that only tests have: one file, with a password that must not travel.

Kafka's PLAIN, by the user and password of ``[elasticsearch]``, since no section of its own exists.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.logins import sasl

NAME = "TOY-PLAIN"
_SOURCE = """
from flinksec_jobs.logins import jaas, references
from flinksec_jobs.logins.login import Login
from flinksec_jobs.refusals import Cause

MODULE = f"{references.SHADED}common.security.plain.PlainLoginModule"


class Toy(Login):
    sections = frozenset({"elasticsearch"})
    causes = (Cause("SaslAuthenticationException", "elasticsearch.password", "Ask for another."),)

    @classmethod
    def missing(cls, settings):
        if settings.elasticsearch is None:
            yield "elasticsearch", "is missing, and the toy needs it"

    def passwords(self):
        return {"elasticsearch.password": self._settings.elasticsearch.password}

    def properties(self):
        told = self._settings.elasticsearch
        options = {"username": told.username, "password": told.password}
        named = {name: f"elasticsearch.{name}" for name in options}
        config = jaas.login_module(MODULE, options, named)
        return {"sasl.mechanism": "PLAIN", "sasl.jaas.config": config}


LOGIN = Toy
"""


def registered(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the file among the mechanisms for a while."""
    (directory / "toy_plain.py").write_text(_SOURCE)
    monkeypatch.setattr(sasl, "__path__", [*sasl.__path__, str(directory)])
    yield
    sys.modules.pop(f"{sasl.__name__}.toy_plain", None)
    vars(sasl).pop("toy_plain", None)
