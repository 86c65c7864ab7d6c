# SPDX-License-Identifier: Apache-2.0
"""Whether the principal may do what a job would do, as the servers themselves answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flinksec_jobs import hdfs, logins, refusals
from flinksec_jobs.doctor.checks import Answer
from flinksec_jobs.doctor.wanted import Wanted
from flinksec_jobs.elasticsearch import asking, privileges
from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import Where
from flinksec_jobs.kafka import client, permissions, preflight, sink
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import HdfsSettings, KafkaSettings, Settings

_WAIT_SECONDS = 15


def of_topic(settings: Settings, wanted: Wanted, topic: str) -> Answer:
    """Ask a broker what the job may do with a topic.

    Args:
        settings: with ``[kafka]``.
        wanted: what a job does with it.
        topic: the topic; it must exist.

    Raises:
        JobError: the broker does not answer.
    """
    properties, login = client.client_properties(settings), logins.of(settings)
    with settings.spelling.told():
        try:
            allowed = _allowed(properties, topic)
        except JobError as error:
            servers = properties["bootstrap.servers"]
            raise preflight.explained(error, servers, login.causes) from error
    missing = permissions.of_topic(topic, wanted.operations(topic), frozenset(allowed), login)
    return Answer(", ".join(sorted(allowed)), list(settings.spelling.findings(missing)))


def of_others(settings: Settings, wanted: Wanted) -> Iterator[tuple[str, str, str]]:
    """Yield what of Kafka is no topic: patterns; the job's group, and its transactional ids."""
    for pattern in wanted.patterns:
        asked = str(permissions.Use("pattern", pattern))
        yield "pattern", f"the topics that /{pattern}/ matches may be read", asked
    if wanted.job is None:
        return
    if wanted.reads:
        group = settings.need(KafkaSettings).group_id or wanted.job
        yield "group", f"the consumer group {group}", str(permissions.Use("group", group))
    for topic in wanted.writes:
        ids = sink.transactional_ids(settings, wanted.job, topic)
        asked = str(permissions.Use("transactions", ids))
        yield "transactions", f"transactional ids {ids}…", asked


def _allowed(properties: Mapping[str, str], topic: str) -> set[str]:
    view = jvm.view()
    clients = view.org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin
    given = jvm.properties(dict(properties) | preflight.CLIENT_LIMITS)
    with jvm.translated(f"the Kafka topic {topic}"):
        admin = clients.AdminClient.create(given)
        try:
            options = clients.DescribeTopicsOptions().includeAuthorizedOperations(True)
            asked = admin.describeTopics(jvm.string_list([topic]), options).allTopicNames()
            answer = asked.get(_WAIT_SECONDS, view.java.util.concurrent.TimeUnit.SECONDS)
            return {str(one.name()) for one in answer.get(topic).authorizedOperations()}
        finally:
            admin.close(view.java.time.Duration.ZERO)


def of_index(settings: Settings, _: Wanted, index: str) -> Answer:
    """Ask Elasticsearch what the job may do with an index.

    Raises:
        JobError: it does not answer.
    """
    with asking.asked(settings) as ask:
        return Answer(*privileges.of_index(ask, index))


def of_path(settings: Settings, _: Wanted, path: str) -> Answer:
    """Ask the NameNode whether the principal may write a directory, or make it.

    Raises:
        JobError: the NameNode does not answer.
    """
    found = settings.need(HdfsSettings)
    view = jvm.view()
    try:
        with jvm.translated(path):
            system = view.org.apache.flink.core.fs.Path(found.uri + "/").getFileSystem()
            there = hdfs.require_right(system, path)
    except JobError as error:
        if "Permission denied" not in error.message:
            raise _explained(error, found, path) from error
        where = Where(setting="kerberos.principal", object=f"{found.uri}{path}")
        fix = "let the NameNode's administrator give the principal's user this directory"
        return Answer(findings=[refusals.HDFS_FORBIDDEN.at(where, error.message, fix=fix)])
    return Answer(f"{there} may be written")


def _explained(error: JobError, settings: HdfsSettings, path: str) -> JobError:
    what = f"HDFS at {settings.uri} cannot be used."
    return refusals.explained(error, what, refusals.HDFS, otherwise=f"hdfs.uri, for {path}")
