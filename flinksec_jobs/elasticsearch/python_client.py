# SPDX-License-Identifier: Apache-2.0
"""Elastic's client in Python as the settings say, for tools and tests that need no JVM."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.https.authorization import authorization
from flinksec_jobs.settings import ElasticsearchSettings

if TYPE_CHECKING:
    from elastic_transport import BaseNode, NodeConfig
    from elasticsearch import Elasticsearch

    from flinksec_jobs.settings import Settings

_SECTION = "elasticsearch"
_PORTS = {"https": 443, "http": 80}
_CONNECTIONS = 10
_PRODUCT = "x-elastic-product"
_FORBIDDEN = 403
_MEDIA_TYPE = "application/vnd.elasticsearch+"


def client(settings: Settings) -> Elasticsearch:
    """Return Elastic's client, which reaches the servers and judges them as the job's sink does.

    Files of certificates and credentials are read again when they change. It speaks to
    Elasticsearch 7.14 and later and to OpenSearch: like the sink it asks for plain JSON, and the
    version of the interface is the server's own.

    Args:
        settings: with a section ``[elasticsearch]``.

    Raises:
        SettingsError: there is no such section, a file of certificates cannot be used, or the
            package ``elasticsearch`` is missing.
        SecretError: a key, or a password of a file, cannot be used.
    """
    found = settings.need(ElasticsearchSettings, "a client of Elasticsearch")
    if find_spec("elasticsearch") is None:
        raise SettingsError(
            "a client of Elasticsearch in Python needs the package elasticsearch",
            hint="pip install 'flinksec-jobs[demo]'",
        )
    from elastic_transport import NodeConfig
    from elasticsearch import Elasticsearch

    nodes = []
    for server in found.servers:
        parts = urlsplit(server)
        nodes.append(
            NodeConfig(
                scheme=parts.scheme,
                host=parts.hostname or "",
                port=parts.port or _PORTS[parts.scheme],
                path_prefix=parts.path,
                http_compress=found.compress,
                connections_per_node=_CONNECTIONS,
                request_timeout=found.response_timeout.total_seconds(),
            )
        )
    sniffing: dict[str, Any] = (
        {"sniff_on_start": True, "sniff_on_node_failure": True} if found.sniff else {}
    )
    return Elasticsearch(nodes, node_class=_node_class(settings, found), **sniffing)


def _node_class(settings: Settings, found: ElasticsearchSettings) -> type[BaseNode]:
    from elastic_transport import HttpHeaders, Urllib3HttpNode
    from elastic_transport._node._base import BaseNode, NodeApiResponse
    from elastic_transport.client_utils import DEFAULT, DefaultType

    from flinksec_jobs.https.pools import Connections

    kerberos = settings.kerberos if found.kerberos else None

    class SettingsNode(Urllib3HttpNode):
        """A node whose connections and credentials are those of the settings."""

        def __init__(self, config: NodeConfig) -> None:
            # Not Elastic's own, which makes a TLS context of other options.
            BaseNode.__init__(self, config)
            self.pool: Any = Connections(
                found, _SECTION, (config.scheme, config.host, config.port), _CONNECTIONS
            )
            self._is_opensearch: bool | None = None

        def perform_request(
            self,
            method: str,
            target: str,
            body: bytes | None = None,
            headers: HttpHeaders | None = None,
            request_timeout: DefaultType | float | None = DEFAULT,
        ) -> NodeApiResponse:
            sent = HttpHeaders({name: _plain(value) for name, value in (headers or {}).items()})
            who = authorization(found, _SECTION, self.host, kerberos)
            if who is not None:
                sent["authorization"] = who
            meta, content = super().perform_request(method, target, body, sent, request_timeout)
            if _PRODUCT not in meta.headers and self._asked_whether_opensearch(sent):
                meta.headers[_PRODUCT] = "Elasticsearch"  # what Elastic's client asks for
            return NodeApiResponse(meta, content)

        def _asked_whether_opensearch(self, headers: HttpHeaders) -> bool:
            if self._is_opensearch is None:
                if kerberos is not None:
                    again = authorization(found, _SECTION, self.host, kerberos)
                    headers["authorization"] = again or ""
                meta, content = super().perform_request("GET", "/", None, headers)
                self._is_opensearch = is_opensearch(meta.status, content)
            return self._is_opensearch

    return SettingsNode


def is_opensearch(status: int, content: bytes) -> bool:
    """Tell whether an answer to ``GET /`` is one of OpenSearch, be it a refusal."""
    try:
        answer = json.loads(content)
        distribution = answer.get("version", {}).get("distribution")
        refusal = answer.get("error", {}).get("type") if status == _FORBIDDEN else None
    except (ValueError, AttributeError, RecursionError):
        return False
    return distribution == "opensearch" or refusal == "security_exception"


def _plain(value: str) -> str:
    """Return a media type without a version of the interface, which not all servers know."""
    if not value.startswith(_MEDIA_TYPE):
        return value
    kind = value.removeprefix(_MEDIA_TYPE).partition(";")[0].partition(",")[0].strip()
    return f"application/{kind}"
