# SPDX-License-Identifier: Apache-2.0
"""The settings as arguments of kafka-python's clients, for tools that need no Flink and no JVM."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flinksec_jobs import logins, tls_files
from flinksec_jobs.kerberos import environment
from flinksec_jobs.settings import KafkaSettings

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings


@contextmanager
def client_options(settings: Settings) -> Iterator[dict[str, Any]]:
    """Give the arguments with which clients of kafka-python connect as the job does.

    They hold the password where the login has one, since kafka-python takes no other: do not keep
    or show them. For Kerberos the environment of this process is another one inside of the block.

    Args:
        settings: with a section ``[kafka]``; of a named cluster, those of ``on_kafka``.

    Raises:
        SettingsError, SecretError: a file cannot be used, or a package is missing.
    """
    kafka = settings.need(KafkaSettings)
    with settings.spelling.told():
        login = logins.of(settings)
        given: dict[str, Any] = {
            "bootstrap_servers": list(kafka.bootstrap_servers),
            "security_protocol": kafka.security_protocol,
            **login.python_options(),
        }
        if kafka.uses_tls:
            given["ssl_context"] = _ssl_context(kafka)
        variables = login.python_environment()
    with environment(variables):
        yield given


def _ssl_context(kafka: KafkaSettings) -> ssl.SSLContext:
    with tls_files.as_pem_files(kafka, "kafka") as files:
        cafile = str(files.ca_certs) if files.ca_certs else None
        context = ssl.create_default_context(cafile=cafile)
        context.hostname_checks_common_name = False
        if not kafka.properties.get("ssl.endpoint.identification.algorithm", "https"):
            context.check_hostname = False
        if files.client_cert and files.client_key:
            context.load_cert_chain(files.client_cert, files.client_key)
    return context
