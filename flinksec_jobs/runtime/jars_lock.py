# SPDX-License-Identifier: Apache-2.0
"""Writes `jars.lock.json`: `python -m flinksec_jobs.runtime.jars_lock [SET ...]`, for maintainers.

Each set is resolved once, here, and what is not needed is left out; users fetch exactly the
jars of the lock and resolve nothing.
"""

import hashlib
import json
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from jgo.maven import Artifact, MavenContext

from flinksec_jobs.runtime.artifacts import LOCK_FILE, cache_directory, remote_repositories
from flinksec_jobs.runtime.artifacts import artifact as artifact_of

_ELASTICSEARCH = ("org.elasticsearch:elasticsearch", "org.elasticsearch.plugin:transport-netty4")


@dataclass(frozen=True)
class JarSet:
    """Coordinates to resolve, and patterns of `group:artifact` that the result can do without.

    An archive brings along all that it needs: nothing is resolved.
    """

    roots: tuple[str, ...]
    without: tuple[str, ...] = ()
    archive: bool = False


SETS = {
    "flink-kafka": JarSet(("org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2",)),
    # The format of this name.
    "protobuf": JarSet(("com.google.protobuf:protobuf-java:4.33.2",)),
    # Files of this format; what Hadoop's client and flink-dist bring besides is there anyway.
    "parquet": JarSet(
        (
            "org.apache.parquet:parquet-hadoop-bundle:1.15.2",
            "io.airlift:aircompressor:2.0.3",
            "com.github.luben:zstd-jni:1.5.7-6",
        ),
        without=("org.apache.hadoop:*", "org.apache.yetus:*", "javax.annotation:*"),
    ),
    # Files of this format; in them their own protobuf, and what Hive has of them. Named one by one:
    # the pom of the first asks for what it has within.
    "orc": JarSet(
        (
            "org.apache.orc:orc-core:2.2.1:nohive:jar",
            "org.apache.orc:orc-format:1.1.1:shaded-protobuf:jar",
            "org.apache.orc:orc-shims:2.2.1",
            "io.airlift:aircompressor:2.0.3",
            "com.github.luben:zstd-jni:1.5.7-6",
        ),
        archive=True,
    ),
    # Other files that are compressed by it.
    "zstd": JarSet(("com.github.luben:zstd-jni:1.5.7-6",)),
    "hadoop-client": JarSet(
        ("org.apache.hadoop:hadoop-client-runtime:3.4.3",),
        # Flink brings its own slf4j; the two below are for annotations and Snappy only.
        without=("org.slf4j:*", "com.google.code.findbugs:*", "org.xerial.snappy:*"),
    ),
    # The client that a job has, with a logging of its own, for the sandbox's tools.
    "sandbox-hdfs-client": JarSet(
        ("org.apache.hadoop:hadoop-client-runtime:3.4.3", "org.slf4j:slf4j-simple:1.7.36"),
        without=("com.google.code.findbugs:*", "org.xerial.snappy:*"),
    ),
    # The cipher of sealed state, where the settings name it.
    "conscrypt": JarSet(("org.conscrypt:conscrypt-openjdk-uber:2.9.0",)),
    "sandbox-kdc-kafka": JarSet(
        (
            "org.apache.kafka:kafka_2.13:4.2.2",
            "org.apache.kerby:kerb-simplekdc:2.1.0",
            "org.slf4j:slf4j-simple:1.7.36",
        ),
        without=(
            "org.apache.kerby:kerby-pkix",
            "org.apache.kerby:kerby-xdr",
            "org.apache.kerby:token-provider",
            "org.jline:*",
            "com.jcraft:*",
            "org.jboss*:*",
            "org.wildfly*:*",
            "com.nimbusds:*",
            "commons-io:*",
        ),
    ),
    "sandbox-hdfs": JarSet(
        (
            "org.apache.hadoop:hadoop-hdfs:3.4.3",
            "org.apache.hadoop:hadoop-hdfs-client:3.4.3",
            "org.apache.hadoop:hadoop-common:3.4.3",
            "org.apache.hadoop:hadoop-kms:3.4.3",
            "org.slf4j:slf4j-simple:1.7.36",
        ),
        without=(
            "*:slf4j-reload4j",
            "*:*mockito*",
            "*:byte-buddy*",
            "*:objenesis",
            "*:netty-*-native-*",
            "*:netty-codec-[!h]*",
            "*:netty-codec-haproxy",
            "*:netty-transport-rxtx",
            "*:netty-transport-sctp",
            "*:netty-transport-udt",
            "*:netty-transport-classes-kqueue",
            "*:netty-resolver-dns*",
            "*:netty-handler-proxy",
            "*:netty-handler-ssl-ocsp",
            "*:netty-all",
            "org.bouncycastle:*",
            "com.jcraft:*",
            "org.xerial.snappy:*",
            "*:jsp-api",
            "dnsjava:*",
            "*:jsr305",
            "*:checker-qual",
            "*:j2objc-annotations",
            "*:listenablefuture",
            "*:audience-annotations",
        ),
    ),
    "sandbox-schema-registry": JarSet(
        ("io.apicurio:apicurio-registry-app:2.6.13.Final:all:tar.gz",), archive=True
    ),
    "sandbox-elasticsearch-8": JarSet(tuple(f"{name}:8.19.21" for name in _ELASTICSEARCH)),
    # For tests alone.
    "opensearch-2": JarSet(
        (
            "org.opensearch:opensearch:2.19.5",
            "org.opensearch.plugin:transport-netty4-client:2.19.5",
            "org.opensearch.plugin:lang-painless:2.19.5",
        )
    ),
    # Of its own, since what it asks for would be taken for all.
    "opensearch-2-log": JarSet(("org.apache.logging.log4j:log4j-core:2.25.3",)),
    "sandbox-elasticsearch-9": JarSet(tuple(f"{name}:9.5.3" for name in _ELASTICSEARCH)),
}


def resolve(jar_set: JarSet) -> list[Artifact]:
    """Resolve a set to its artifacts, in Maven's order, without what it can do without."""
    context = MavenContext(
        repo_cache=cache_directory() / "resolve", remote_repos=remote_repositories(), timeout=60
    )
    if jar_set.archive:
        return [artifact_of(context, root) for root in jar_set.roots]
    roots = [context.create_dependency(root) for root in jar_set.roots]
    inputs, transitive = context.resolver.resolve(roots)
    artifacts = []
    for dependency in inputs + transitive:
        artifact = dependency.artifact
        name = f"{artifact.groupId}:{artifact.artifactId}"
        if not any(fnmatch(name, pattern) for pattern in jar_set.without):
            artifacts.append(artifact)
    return artifacts


def main(names: list[str]) -> None:
    """Resolve the named sets, or all, and write the lock file."""
    sets: dict[str, list[str]] = {}
    jars: dict[str, dict[str, object]] = {}
    if names and LOCK_FILE.exists():
        old = json.loads(LOCK_FILE.read_text(encoding="utf-8"))
        sets, jars = old["sets"], old["jars"]
    for name in names or SETS:
        artifacts = resolve(SETS[name])
        sets[name] = sorted({artifact.filename for artifact in artifacts})
        for artifact in artifacts:
            _add(jars, artifact)
        size = sum(int(str(jars[jar]["bytes"])) for jar in sets[name])
        sys.stderr.write(f"{name}: {len(sets[name])} jars, {size / 1e6:.1f} MB\n")
    used = {jar for members in sets.values() for jar in members}
    lock = {
        "sets": dict(sorted(sets.items())),
        "jars": {name: jars[name] for name in sorted(used)},
    }
    LOCK_FILE.write_text(json.dumps(lock, indent=1) + "\n", encoding="utf-8")


def _add(jars: dict[str, dict[str, object]], artifact: Artifact) -> None:
    form = f":{artifact.classifier}:{artifact.packaging}" if artifact.classifier else ""
    coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}{form}"
    known = jars.get(artifact.filename)
    if known and known["coordinate"] != coordinate:
        raise ValueError(f"{artifact.filename} is both {known['coordinate']} and {coordinate}")
    data = Path(artifact.resolve()).read_bytes()
    jars[artifact.filename] = {
        "coordinate": coordinate,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
