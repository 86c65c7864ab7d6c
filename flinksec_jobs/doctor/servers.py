# SPDX-License-Identifier: Apache-2.0
"""The servers that settings may name, each as its connector registers it for a job.

A new connector is one more entry: its jars, its login and its question come from itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from flinksec_jobs import (
    elasticsearch,
    hdfs,
    hdfs_source,
    index_names,
    logins,
    refusals,
    schema_registry,
)
from flinksec_jobs.doctor import rights
from flinksec_jobs.doctor.checks import Answer
from flinksec_jobs.doctor.wanted import Wanted
from flinksec_jobs.elasticsearch import setup
from flinksec_jobs.findings import Kind
from flinksec_jobs.kafka import client
from flinksec_jobs.settings import Settings
from flinksec_jobs.uses import Question, Use

# Without an index Elasticsearch would be asked what it is, which takes a right on the cluster that
# jobs have no use for. That there is no such index is as good an answer as any.
_ANY_INDEX = "flinksec-doctor"


def _read_paths(settings: Settings, wanted: Wanted) -> Iterator[Question]:
    if wanted.read_paths:
        yield hdfs_source.question(settings, *wanted.read_paths)


@dataclass(frozen=True)
class Server:
    """A kind of server.

    Attributes:
        section: of the settings, and the category of its checks.
        about: what is asked, for the help.
        use: what a job needs for it: jars, and a login of Hadoop's client.
        question: makes the question about some names: topics, indices, paths.
        wanted: the names that are asked about.
        item: what one of them is called.
        check_name: refuses a name that no item can have, as a job does before it starts.
        wrong_name: the kind of that refusal.
        any: names to ask about where only the connection counts.
        logs_in_by_kerberos: whether its own client does.
        rights: asks what the principal may do with one, after a good answer.
        others: makes questions of another kind.
        more: other things that are asked about: what kind, in words, as the question takes it.
    """

    section: str
    about: str
    use: Callable[[Settings], Use]
    question: Callable[..., Question]
    wanted: Callable[[Wanted], Iterable[str]]
    item: str
    check_name: Callable[[str], None] = lambda _: None
    wrong_name: Kind = refusals.REFUSED
    any: tuple[str, ...] = ()
    logs_in_by_kerberos: Callable[[Settings], bool] = lambda _: False
    rights: Callable[[Settings, Wanted, str], Answer] = lambda *_: Answer()
    others: Callable[[Settings, Wanted], Iterable[Question]] = lambda *_: ()
    more: Callable[[Settings, Wanted], Iterable[tuple[str, str, str]]] = lambda *_: ()

    def needs_ticket(self, settings: Settings) -> bool:
        """Whether it lets in by Kerberos."""
        return self.logs_in_by_kerberos(settings) or self.needs_hadoop(settings)

    def needs_hadoop(self, settings: Settings) -> bool:
        """Whether it is reached by Hadoop's client, which has a login of its own."""
        return self.use(settings).login is not None


SERVERS: tuple[Server, ...] = (
    Server(
        section="kafka",
        about="login, topics and rights",
        use=client.of_all_clusters,
        question=client.question,
        wanted=lambda wanted: wanted.topics,
        item="topic",
        logs_in_by_kerberos=lambda settings: "kerberos" in logins.chosen_login(settings).sections,
        rights=rights.of_topic,
        more=rights.of_others,
    ),
    Server(
        section="schema_registry",
        about="login",
        use=schema_registry.client,
        question=schema_registry.question,
        wanted=lambda _: (),
        item="subject",
    ),
    Server(
        section="elasticsearch",
        about="login, indices and rights",
        use=elasticsearch.use,
        question=elasticsearch.question,
        any=(_ANY_INDEX,),
        check_name=index_names.check,
        wrong_name=refusals.INDEX_NAME,
        wanted=lambda wanted: wanted.indices,
        item="index",
        rights=rights.of_index,
        others=lambda settings, _: setup.comparison(settings),
    ),
    Server(
        section="hdfs",
        about="login, and rights on directories",
        use=hdfs.client,
        question=hdfs.question,
        wanted=lambda wanted: wanted.paths,
        item="path",
        check_name=hdfs.check_path,
        wrong_name=refusals.PATH_NAME,
        any=("/",),
        rights=rights.of_path,
        others=_read_paths,
    ),
)


def used(settings: Settings) -> Iterator[Server]:
    """Yield the servers that settings have a section for."""
    return (
        one
        for one in SERVERS
        if getattr(settings, one.section) is not None
        or (one.section == "kafka" and settings.clusters)
    )
