# SPDX-License-Identifier: Apache-2.0
"""The jars of the sandbox's servers, fetched before any of them starts."""

from __future__ import annotations

from collections.abc import Callable, Collection

from flinksec_jobs.runtime import artifacts
from flinksec_jobs.sandbox import elasticsearch_node, hdfs_nodes, kafka_broker, registry_server


def fetch(
    servers: Collection[str], elasticsearch_version: str, progress: Callable[[str], None]
) -> None:
    """Fetch what is not there yet; ``progress`` gets a line for each tenth.

    Raises:
        ArtifactError: a jar cannot be had, or is another than the locked one.
        SandboxError: this version of Elasticsearch needs another Java.
    """
    sets = {kafka_broker.JARS}
    if "hdfs" in servers:
        sets |= {hdfs_nodes.JARS, hdfs_nodes.CLIENT_JARS}
    if "elasticsearch" in servers:
        elasticsearch_node.find_java_for(elasticsearch_version)
        sets.add(elasticsearch_node.VERSIONS[elasticsearch_version])
    if "schema-registry" in servers:
        sets.add(registry_server.JARS)
    for name in sorted(sets):
        told = -1

        def tell(done: int, total: int, name: str = name) -> None:
            nonlocal told
            if (tenth := 10 * done // max(total, 1)) > told:
                told = tenth
                progress(f"fetching {name}: {10 * tenth} % of {total / 1e6:.0f} MB")

        artifacts.jars(name, tell)
