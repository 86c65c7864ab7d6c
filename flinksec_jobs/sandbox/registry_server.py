# SPDX-License-Identifier: Apache-2.0
"""The sandbox's schema registry: Apicurio's, in Confluent's interface, with a login."""

from __future__ import annotations

import base64
import secrets
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import Java
from flinksec_jobs.sandbox.jvm_programs import java_command
from flinksec_jobs.sandbox.layout import Layout, write_properties

USER = "flink"
PORTS = ("schema-registry", "schema-registry-inner")
JARS = "sandbox-schema-registry"


def write_configuration(layout: Layout, ports: Mapping[str, int], password: str) -> None:
    """Write the launcher's properties, a user's password and a token."""
    user_password, token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    write_private(layout.secret("schema-registry-password"), user_password)
    write_private(layout.secret("schema-registry-token"), token)
    basic = base64.b64encode(f"{USER}:{user_password}".encode()).decode()
    properties = {
        "host": layout.bind,
        "name": layout.host,
        "port": str(ports["schema-registry"]),
        "inner.port": str(ports["schema-registry-inner"]),
        "data": str(_home(layout) / "schemas"),
        "keystore": str(layout.certificate("server.p12")),
        "truststore": str(layout.certificate("truststore.p12")),
        "store.password": password,
        "authorization.basic": f"Basic {basic}",
        "authorization.token": f"Bearer {token}",
    }
    write_properties(layout.secret("schema-registry.properties"), properties)


def server_command(layout: Layout, java: Java, options: list[str]) -> list[str]:
    """Return the command that starts it.

    Raises:
        ArtifactError: its archive cannot be had.
    """
    return java_command(
        java,
        "org.flinksec.sandbox.schemaregistry.SchemaRegistry",
        [artifacts.own_jar("flinksec-sandbox"), _unpacked(layout)],
        [str(layout.secret("schema-registry.properties"))],
        options=options,
    )


def _home(layout: Layout) -> Path:
    return layout.directory / "schema-registry"


def _unpacked(layout: Layout) -> Path:
    """Unpack the archive, and return the jar whose manifest names all others."""
    (archive,) = artifacts.jars(JARS)
    home = _home(layout) / "program"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o700)
    with tarfile.open(archive) as tar:
        tar.extractall(home, filter="data")
    (runner,) = home.glob("*-runner.jar")
    return runner
