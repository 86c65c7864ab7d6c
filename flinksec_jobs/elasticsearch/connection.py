# SPDX-License-Identifier: Apache-2.0
"""How the JVM's client reaches Elasticsearch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinksec_jobs.https import jvm_options
from flinksec_jobs.settings import ElasticsearchSettings

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings


def connection_options(settings: Settings) -> dict[str, str]:
    """How to reach Elasticsearch, as the flat options of the JVM's client; secrets are paths."""
    elasticsearch = settings.need(ElasticsearchSettings)
    kerberos = settings.kerberos if elasticsearch.kerberos else None
    return jvm_options.connection_options(elasticsearch, kerberos) | {
        name: jvm_options.as_option(getattr(elasticsearch, name)) for name in ("compress", "sniff")
    }
