# SPDX-License-Identifier: Apache-2.0
"""The sandbox's Elasticsearch: its configuration, and Elastic's own client for it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import ELASTICSEARCH_MODULES, Java, find_java, find_java21
from flinksec_jobs.sandbox.jvm_programs import java_command
from flinksec_jobs.sandbox.layout import Layout, write_properties
from flinksec_jobs.secrets import SecretFile

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

USER = "flink"
PORTS = ("elasticsearch", "elasticsearch-transport")
# Major version: its jars.
VERSIONS = {"8": "sandbox-elasticsearch-8", "9": "sandbox-elasticsearch-9"}


def write_configuration(
    layout: Layout, ports: Mapping[str, int], password: str, *, client_certificates: bool
) -> None:
    """Write the launcher's properties, a user's password and an API key."""
    user_password = secrets.token_urlsafe(24)
    api_key = base64.b64encode(f"sandbox:{secrets.token_urlsafe(24)}".encode()).decode()
    write_private(layout.secret("elasticsearch-password"), user_password)
    write_private(layout.secret("elasticsearch-api-key"), api_key)
    basic = base64.b64encode(f"{USER}:{user_password}".encode()).decode()
    properties = {
        "home": str(layout.directory / "elasticsearch"),
        "http.host": layout.bind,
        "http.port": str(ports["elasticsearch"]),
        "transport.port": str(ports["elasticsearch-transport"]),
        "authorization.basic": f"Basic {basic}",
        "authorization.key": f"ApiKey {api_key}",
        "keystore": str(layout.certificate("elasticsearch.p12")),
        "truststore": str(layout.certificate("truststore.p12")),
        "store.password": password,
        "client.certificate.required": str(client_certificates).lower(),
    }
    write_properties(layout.secret("elasticsearch.properties"), properties)


def find_java_for(version: str) -> Java:
    """Find the Java that a major version needs.

    Raises:
        SandboxError: the sandbox does not have it.
        JavaNotFoundError: there is no such Java.
    """
    if version not in VERSIONS:
        known = ", ".join(VERSIONS)
        raise SandboxError(f"the sandbox has no Elasticsearch {version}", hint=f"it has {known}")
    return find_java(modules=ELASTICSEARCH_MODULES) if version == "8" else find_java21()


def server_command(layout: Layout, java: Java, version: str, options: list[str]) -> list[str]:
    """Return the command that starts the node."""
    return java_command(
        java,
        "org.flinksec.sandbox.elasticsearch.Elasticsearch",
        [artifacts.own_jar("flinksec-sandbox-elasticsearch"), *artifacts.jars(VERSIONS[version])],
        [str(layout.secret("elasticsearch.properties"))],
        options=[*options, f"-Des.logs.base_path={layout.directory / 'logs'}"],
        heap="768m",
    )


def open_client(layout: Layout, ports: Mapping[str, int]) -> Elasticsearch:
    """Return Elastic's client, logged in as the job's user.

    Raises:
        SandboxError: the package ``elasticsearch`` is not installed.
    """
    try:
        from elasticsearch import Elasticsearch
    except ModuleNotFoundError as error:
        raise SandboxError(
            "looking into Elasticsearch needs the Python package elasticsearch",
            hint='pip install "flinksec-jobs[demo]"',
        ) from error
    return Elasticsearch(
        f"https://{layout.host}:{ports['elasticsearch']}",
        ca_certs=str(layout.certificate("ca.pem")),
        basic_auth=(USER, SecretFile(layout.secret("elasticsearch-password")).read_text()),
        request_timeout=60,
    )
