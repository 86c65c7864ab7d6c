# SPDX-License-Identifier: Apache-2.0
"""What a job uses of servers: a connector registers it, and the job acts upon all of it.

A connector hands `SecureJob.register` one `Use` for each topic, index or directory: the jars that
its classes are in, the files that its settings name, the login that it needs, the questions to ask
its server, and how it delivers. The job knows nothing else of a connector.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs import delivery
from flinksec_jobs.delivery import Delivery
from flinksec_jobs.errors import FlinkSecError, JobError
from flinksec_jobs.findings import Finding, problems, refuse

if TYPE_CHECKING:
    from flinksec_jobs.runtime.graph import Checkpointing
    from flinksec_jobs.settings import KerberosSettings


@dataclass(frozen=True)
class Question:
    """What a server is asked before a job is submitted, by the client that the job will use.

    Attributes:
        id: of the question, in kebab-case; those of one id are asked as one.
        label: what is asked for, a line of a report: ``Kafka lets the job in``.
        setting: the setting that the answer judges, ``kafka.bootstrap_servers``.
        ask: given all that is asked about, in order, yields what is wrong, or raises a
            `FlinkSecError`.
        about: topics, indices or paths.
    """

    id: str
    label: str
    setting: str
    ask: Callable[[Sequence[str]], Iterable[Finding]]
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Use:
    """One thing of a server that a job uses, as its connector registers it.

    Attributes:
        system: what is used, ``Kafka``; the files of one system are checked once in a job.
        name: what a checkpoint's owner is told by, ``reads Kafka topic orders``; ``None`` for
            what leaves nothing in a checkpoint.
        jars: gives the jars to ship with the job, and to have in the JVM that builds it.
        files: looks at the files that the settings name, and gives what is wrong with them.
        login: who the JVM must be logged in as, for what reaches its server by Hadoop's client.
        questions: asked just before the job is submitted.
        delivery: how a sink delivers; ``None`` for what is read.
        explain: given why the job failed, says it in terms of settings; ``None`` if it is not about
            this system.
    """

    system: str
    name: str | None = None
    jars: Callable[[], Sequence[Path]] = tuple
    files: Callable[[], Iterable[Finding]] = tuple
    login: KerberosSettings | None = None
    questions: tuple[Question, ...] = ()
    delivery: Delivery | None = None
    explain: Callable[[JobError], JobError | None] = lambda _: None


@dataclass
class Uses:
    """All that one job uses, in the order of its registration."""

    _all: list[Use] = field(default_factory=list)
    _numbers: Counter[str] = field(default_factory=Counter)

    def add(self, use: Use) -> None:
        """Note one thing more."""
        self._all.append(use)

    def __iter__(self) -> Iterator[Use]:
        """Give everything that was noted, in its order."""
        return iter(tuple(self._all))

    @property
    def names(self) -> set[str]:
        """What a checkpoint's owner is told by."""
        return {use.name for use in self._all if use.name is not None}

    def next_number(self, of: str) -> int:
        """Return the next number, from 1, of things that are alike, such as sinks to one topic."""
        self._numbers[of] += 1
        return self._numbers[of]

    def questions(self) -> list[Question]:
        """Return all questions, those of one id as one, which is about everything, sorted."""
        found: dict[str, Question] = {}
        for question in (question for use in self._all for question in use.questions):
            before = found.get(question.id, question)
            about = {*before.about, *question.about}
            found[question.id] = replace(before, about=tuple(sorted(about)))
        return list(found.values())

    def ask_the_servers(self) -> list[Finding]:
        """Ask each server that is used whether it will let the job in.

        One that has refused is not asked again: it may be one that never answers.

        Returns:
            What is worth a warning.

        Raises:
            JobError: one refuses, or cannot be reached.
        """
        found: list[Finding] = []
        refusals: dict[str, FlinkSecError] = {}
        for asked in self.questions():
            if asked.setting in refusals:
                continue
            try:
                found += asked.ask(asked.about)
            except FlinkSecError as error:
                if not error.findings:
                    raise
                refusals[asked.setting] = error
                found += error.findings
        if len(refusals) == 1 and len(problems(found)) == 1:
            raise next(iter(refusals.values()))  # with what the JVM said, as its cause
        return refuse(
            found,
            lambda count: f"{count} answers keep the job out",
            error=JobError,
            hint="`flinksec doctor` asks these servers again, and finds what else is wrong",
        )

    def explained(self, error: JobError) -> JobError:
        """Return why the job failed in terms of settings, if it failed of one of the systems."""
        by_system = {use.system: use for use in self._all}
        told = [found for use in by_system.values() if (found := use.explain(error))]
        if not told or error.findings:
            return error
        if len(told) > 1:
            told = self._still_refused() or told
        hints = dict.fromkeys(found.hint for found in told if found.hint)
        hint = "; ".join([*hints, *([error.hint] if error.hint else [])])
        if len(told) == 1:
            return JobError(told[0].message, hint=hint, findings=told[0].findings)
        # Nothing in it says of which.
        return JobError(
            error.message, hint=hint, findings=[f for one in told for f in one.findings]
        )

    def _still_refused(self) -> list[JobError]:
        """Return what the servers say now, of a job that one of several has refused."""
        try:
            self.ask_the_servers()
        except JobError as error:
            return [error]
        except FlinkSecError:
            return []
        return []

    def check_delivery(
        self, job: str, checkpoints: Checkpointing, *, bounded: bool
    ) -> list[Finding]:
        """Refuse a job that would deliver nothing; return what is worth a warning.

        Raises:
            SettingsError: names the setting.
        """
        deliveries = [use.delivery for use in self._all if use.delivery is not None]
        found = delivery.check(job, deliveries, checkpoints, bounded=bounded)
        return refuse(found, lambda count: f"{count} things keep the job {job} from delivering")
