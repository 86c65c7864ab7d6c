# SPDX-License-Identifier: Apache-2.0
"""The TLS settings of ``[kafka]`` for the clients in Flink's connector.

There our own engine factory reads the files, before each connection anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flinksec_jobs.settings import KafkaSettings

_FACTORY = "org.flinksec.logins.ReloadingSslEngineFactory"


def connector_properties(kafka: KafkaSettings, section: str = "kafka") -> dict[str, str]:
    """Return the ``ssl.*`` properties of the clients in Flink's connector: paths alone.

    Args:
        kafka: the section.
        section: its name, for messages: ``kafka``, ``kafka.east``.
    """
    password, key = kafka.ca_certs_password, kafka.client_key
    named = {
        "ssl.truststore.location": kafka.ca_certs,
        "flinksec.ssl.truststore.password.location": password and password.path,
        "ssl.keystore.location": kafka.client_cert,
        "flinksec.ssl.key.location": key and key.path,
        "flinksec.ssl.key.password.location": kafka.client_key_password
        and kafka.client_key_password.path,
    }
    paths = {name: str(path) for name, path in named.items() if path}
    if not paths:
        return {}
    return {"ssl.engine.factory.class": _FACTORY, "flinksec.ssl.section": section, **paths}
