# SPDX-License-Identifier: Apache-2.0
"""The dead letters of a job: gathered from where records turn out to be bad, written to a topic.

What cannot be decoded comes out of the source beside the rows, and what a guarded function fails
with out of a side output; both go to one Kafka sink, exactly once. What cannot be written to a
topic is written as a letter by the sink of that topic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from flinksec_jobs import choices
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.kafka import letters
from flinksec_jobs.kafka.client import of_cluster
from flinksec_jobs.kafka.letters import Policy
from flinksec_jobs.kafka.sink import Bad
from flinksec_jobs.records.guard import Guard, name_of, with_guard
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyflink.datastream import DataStream, StreamExecutionEnvironment

    from flinksec_jobs.bad_records import OnError
    from flinksec_jobs.settings import Settings
    from flinksec_jobs.uses import Use

F = TypeVar("F")

Kept = Literal["skip", "dead_letter"]
"""What can be done with what a function fails with, other than to fail."""

UID = "flinksec-dead-letters"
_TAG = "flinksec-failed-"  # ``FailedStreams.TAG``


@dataclass(frozen=True)
class Arriving:
    """A source of rows and letters.

    Attributes:
        env: PyFlink's environment.
        source: PyFlink's source, whose decoder is one of the Java class ``Arrivals``.
        watermarks: PyFlink's strategy for the rows.
        name: of the source.
        row_type: PyFlink's type of the rows.
        on_error: what becomes of what cannot be decoded.
        apart: the Java class that takes rows and letters apart, of another source than Kafka.
    """

    env: StreamExecutionEnvironment
    source: Any
    watermarks: Any
    name: str
    row_type: Any
    on_error: OnError
    apart: Any = None


@dataclass
class _Guarded:
    """A function of the job that has a guard."""

    guard: Guard
    on_error: Kept
    cluster: Settings
    functions: list[Any] = field(default_factory=list)


class DeadLetters:
    """What a job does with dead letters, from its first source until it is submitted.

    Args:
        name: the job's.
        settings: its settings.
        register: takes note of what is used of servers.
    """

    def __init__(self, name: str, settings: Settings, register: Callable[[Use], None]) -> None:
        self._name = name
        self._settings = settings
        self._register = register
        self._streams: dict[str | None, tuple[Settings, list[Any]]] = {}
        self._guards: list[_Guarded] = []
        self._made = 0
        self._registered: set[str | None] = set()

    @property
    def topic(self) -> str | None:
        """The topic that keeps them; None if the job has none."""
        return self._settings.job.dead_letters

    def require(self, on_error: OnError, cluster: Settings) -> None:
        """Note that there may be letters of records of a cluster, if that was chosen.

        Args:
            on_error: what was chosen.
            cluster: settings whose ``kafka`` is that of the cluster.

        Raises:
            SettingsError: the settings name no topic for them.
        """
        if on_error != "dead_letter":
            return
        if self.topic is None:
            raise SettingsError(
                f'on_error="dead_letter" in the job {self._name}, and its settings have no topic '
                "job.dead_letters",
                hint='set job.dead_letters = "a-topic", which must exist; `flinksec settings '
                "reference` tells more",
            )
        self._register_uses(cluster)

    def _register_uses(self, cluster: Settings) -> None:
        if cluster.kafka_cluster not in self._registered:
            self._registered.add(cluster.kafka_cluster)
            for use in letters.uses_of_letters(cluster, self.policy):
                self._register(use)

    @property
    def policy(self) -> Policy:
        """What the JVM is told of the job's letters."""
        job = self._settings.job
        window = job.dead_letter_window
        return Policy(self._name, str(self.topic), job.max_dead_letters, window)

    def of_sink(self, on_error: OnError, cluster: Settings) -> Bad:
        """Return what a sink does with what it cannot write; see `require`."""
        self.require(on_error, cluster)
        if on_error != "dead_letter":
            return Bad(on_error, self._settings.job.max_skipped_in_a_row)
        return Bad(
            on_error,
            self._settings.job.max_skipped_in_a_row,
            self.policy.in_java,
            letters.properties(cluster),
        )

    def of_index(self, on_error: OnError, index: str) -> Bad:
        """Return what a sink of Elasticsearch does whose letters go to an index there.

        Raises:
            SettingsError: there are no letters.
        """
        if on_error != "dead_letter":
            raise SettingsError(
                f"dead_letter_index={index!r} keeps dead letters, and on_error is {on_error!r}",
                hint='write on_error="dead_letter", or remove dead_letter_index',
            )
        job = self._settings.job
        window = job.dead_letter_window // timedelta(milliseconds=1)
        return Bad(
            on_error,
            job.max_skipped_in_a_row,
            lambda: jvm.view().org.flinksec.badrecords.LetterPolicy.ofIndex(
                self._name, index, job.max_dead_letters, window
            ),
        )

    def rows(self, made: Arriving, cluster: Settings) -> DataStream:
        """Return the rows of a source, and keep its letters.

        On the cluster of ``[kafka]`` the sink of letters is there though none may come: it has
        the state of a job that kept some before, and commits them.

        Args:
            made: the source.
            cluster: settings whose ``kafka`` is that of the cluster.
        """
        from pyflink.datastream import DataStream

        arrivals = made.apart or jvm.view().org.flinksec.kafka.Arrivals
        row_type = made.row_type.get_java_type_info()
        stream = made.env._j_stream_execution_environment.fromSource(
            made.source.get_java_function(),
            arrivals.watermarks(made.watermarks._j_watermark_strategy),
            made.name,
            arrivals.type(row_type),
        )
        rows = arrivals.rows(stream, row_type, f"{made.name}: rows")
        if made.on_error == "dead_letter" or cluster.kafka_cluster is None:
            self._register_uses(cluster)
            self.keep(arrivals.letters(rows), cluster)
        return DataStream(rows)

    def guard(self, function: F, on_error: OnError, cluster: Settings) -> F:
        """Return a function whose elements that it fails with are left out, or become letters.

        Args:
            function: of the job.
            on_error: what becomes of them.
            cluster: settings whose ``kafka`` is that of the cluster which keeps its letters.
        """
        choices.require("on_error", on_error, ("fail", "skip", "dead_letter"))
        if on_error == "fail":
            return function
        self._made += 1
        functions: list[Any] = []
        most = self._settings.job.max_skipped_in_a_row
        guard = Guard(name_of(function), f"{_TAG}{self._made}", most, functions.append)
        made = with_guard(function, guard)
        self.require(on_error, cluster)
        self._guards.append(_Guarded(guard, on_error, cluster, functions))
        return made  # type: ignore[no-any-return]

    def complete(self, env: StreamExecutionEnvironment) -> None:
        """Give operators their uids, and attach the sink of the letters.

        Called when the job is about to be submitted, also of a job without letters: its state is
        found when it begins to keep them.

        Raises:
            JobError: a guard is where nothing could be caught.
        """
        with jvm.translated(f"the operators of the job {self._name} cannot be told apart"):
            ids = jvm.view().org.flinksec.badrecords.OperatorIds
            ids.give(env._j_stream_execution_environment)
        if not self._guards and not self._streams:
            return
        with jvm.translated(f"the dead letters of the job {self._name} cannot be attached"):
            self._attach_guards(env)
            self._attach_sinks()

    def _attach_sinks(self) -> None:
        streams, self._streams = self._streams, {}
        for cluster, several in streams.values():
            joined = several[0]
            for other in several[1:]:
                joined = jvm.view().org.flinksec.badrecords.FailedStreams.union(joined, other)
            made = joined.sinkTo(letters.sink_of_letters(cluster, self.policy))
            name = f"Kafka {self.topic}{of_cluster(cluster)}"
            uid = UID if cluster.kafka_cluster is None else f"{UID}-{cluster.kafka_cluster}"
            made.name(f"dead letters: {name}").uid(uid).setParallelism(1)

    def _attach_guards(self, env: StreamExecutionEnvironment) -> None:
        guards, self._guards = self._guards, []
        java = jvm.view()
        j_env = env._j_stream_execution_environment
        if guards and self._settings.python.execution_mode == "thread":
            # A side output ends a chain of Python functions, so chain them before it is there.
            java.org.apache.flink.python.util.PythonConfigUtil.configPythonOperator(j_env)
            java.org.apache.flink.python.chain.PythonOperatorChainingOptimizer.apply(j_env)
        for guarded in guards:
            guard = guarded.guard
            found = [
                java.org.flinksec.badrecords.FailedStreams.of(
                    j_env, function, guard.tag, guard.name, guarded.on_error
                )
                for function in guarded.functions
            ]
            if not found or None in found:
                raise JobError(
                    f"guard({guard.name}) guards nothing: the function is in no stream, or "
                    "where Flink does not call it for one element",
                    hint="give what guard returns to map, flat_map, filter, reduce or process",
                )
            for stream in found if guarded.on_error == "dead_letter" else ():
                self.keep(stream, guarded.cluster)

    def keep(self, stream: Any, cluster: Settings) -> None:
        """Keep the letters of a Java stream.

        Args:
            stream: of letters, as bytes.
            cluster: settings whose ``kafka`` is that of the cluster.
        """
        _, streams = self._streams.setdefault(cluster.kafka_cluster, (cluster, []))
        streams.append(stream)
