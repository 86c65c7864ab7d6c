# SPDX-License-Identifier: Apache-2.0
"""A mechanism of SASL that only tests have: one file, with a password that must not travel.

It is Kafka's PLAIN under another name. What follows from its file is asked in a Python of its own,
since settings are what they are from the first import on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

NAME = "TOY-PLAIN"
FILE = "toy_plain.py"
SOURCE = """
from pydantic import Field

from flinksec_jobs.logins import handlers, jaas, references
from flinksec_jobs.logins.login import Login
from flinksec_jobs.refusals import LOGIN_REFUSED, Cause
from flinksec_jobs.secrets import SecretFile

MODULE = "common.security.plain.PlainLoginModule"
SETTINGS = {"username": "kafka.toy_user", "password": "kafka.toy_password"}


class Toy(Login):
    fields = {
        "toy_user": (str | None, Field(default=None, description="Who it is.")),
        "toy_password": (SecretFile | None, Field(default=None, description="And its password.")),
    }
    causes = (
        Cause("SaslAuthenticationException", "kafka.toy_password", "Ask for it.", LOGIN_REFUSED),
    )

    @classmethod
    def contradictions(cls, settings):
        if settings.kafka.toy_password is None:
            yield "kafka.toy_password", "is missing, and the toy needs it"

    def who(self):
        return "kafka.toy_user", self._settings.kafka.toy_user

    def passwords(self):
        return {"kafka.toy_password": self._settings.kafka.toy_password}

    def properties(self):
        told = self._settings.kafka
        file = str(told.toy_password.path)
        options = {"username": told.toy_user, "passwordFile": file, "section": self.section}
        return {
            "sasl.mechanism": "PLAIN",
            "sasl.jaas.config": jaas.login_module(handlers.SHADED + MODULE, options, SETTINGS),
            "sasl.client.callback.handler.class": handlers.BY_PASSWORD,
        }

    def python_options(self):
        return {}

    def plain_properties(self):
        told = self._settings.kafka
        options = {"username": told.toy_user, "password": told.toy_password}
        config = jaas.login_module(handlers.KAFKA + MODULE, options, SETTINGS)
        providers = references.providers(self.passwords(), handlers.KAFKA)
        return {"sasl.mechanism": "PLAIN", "sasl.jaas.config": config, **providers}


LOGIN = Toy
"""
_ASK = """
import json
import sys

from flinksec_jobs.logins import sasl

sasl.__path__.append(sys.argv[1])

from flinksec_jobs import logins
from flinksec_jobs.cluster import flink_conf
from flinksec_jobs.errors import JobError, SecretError, SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.kafka import client, preflight
from flinksec_jobs.settings import load_settings, reference


def plain(settings):
    try:
        return logins.of(settings).plain_properties()
    except SecretError:
        return None


def told(section):
    try:
        settings = load_settings(overrides={"kafka": section}, environ={})
    except SettingsError as error:
        return {"error": error.message}
    findings = [[one.id, str(one)] for one in check_files(settings)]
    if any(kind == "kafka-login-unusable" for kind, _ in findings):
        return {"findings": findings}
    refused = JobError("SaslAuthenticationException: Authentication failed")
    explained = preflight.explained(refused, "a:1", logins.of(settings).causes)
    return {
        "properties": client.producer_properties(settings),
        "plain": plain(settings),
        "config": flink_conf.config(settings),
        "dump": settings.dump(),
        "shown": repr(settings),
        "explained": [explained.message, explained.hint],
        "kinds": {entry.name: entry.kind for entry in reference.entries()},
        "findings": findings,
    }


print(json.dumps([told(section) for section in json.loads(sys.argv[2])]))
"""


def told(directory: Path, *kafka: dict[str, Any]) -> list[dict[str, Any]]:
    """Put the file among the mechanisms, and return what the library makes of it.

    Args:
        directory: where the file goes.
        kafka: more of the section ``[kafka]``, for each answer.
    """
    (directory / FILE).write_text(SOURCE)
    base = {"bootstrap_servers": ["localhost:1"], "sasl_mechanism": NAME}
    done = subprocess.run(
        [sys.executable, "-c", _ASK, str(directory), json.dumps([base | more for more in kafka])],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
