# SPDX-License-Identifier: Apache-2.0
"""Every metric of ours: what it is of, its unit, and what it means.

docs/monitoring.md has the table; tests compare it with the sources in Java, and with what a real
Prometheus reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Scope = Literal["process", "job", "operator"]

GROUP = "flinksec"
"""The group of all of them; Flink writes it before their names, with a dot."""

_PREFIXES = {
    "process": "flink_(jobmanager|taskmanager)_flinksec_",
    "job": "flink_jobmanager_job_flinksec_",
    # A writer's are in a group of its own.
    "operator": "flink_taskmanager_job_task_operator_(.+_)?flinksec_",
}
_WHERE = {
    "process": "`JobManager`, `TaskManager`",
    "job": "job, in the JobManager",
    "operator": "operator",
}


@dataclass(frozen=True)
class OwnMetric:
    """A metric below the group ``flinksec``.

    Attributes:
        name: with the groups between, dotted; those with a label stand before it.
        scope: what it is of.
        unit: for people.
        meaning: a sentence without its full stop.
        labels: beside those of Flink.
        only_with: what a job must use to have it; empty for every job of a cluster.
    """

    name: str
    scope: Scope
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    only_with: str = ""

    def in_rest(self, label: str = "") -> str:
        """Return its name in Flink's REST, in which labels are groups between.

        Args:
            label: as `label_in_rest` writes it; empty if it has none.
        """
        group, dot, name = self.name.rpartition(".")
        return ".".join(filter(None, (GROUP, group, label if dot else "", name)))

    def label_of(self, name: str) -> str | None:
        """Return the label in a name of Flink's REST; ``None`` if that is of another metric."""
        before, after = self.in_rest("\0").split("\0") if self.labels else (self.in_rest(), "")
        if not (name.startswith(before) and name.endswith(after)):
            return None
        found = name[len(before) : len(name) - len(after)]
        return found if bool(found) == bool(self.labels) and "." not in found else None

    @property
    def in_prometheus(self) -> str:
        """A pattern of its names there."""
        return _PREFIXES[self.scope] + self.name.replace(".", "_")


def _process(name: str, unit: str, meaning: str, *labels: str, with_: str = "") -> OwnMetric:
    return OwnMetric(name, "process", unit, meaning, labels, with_)


def _operator(name: str, unit: str, meaning: str, with_: str = "") -> OwnMetric:
    return OwnMetric(name, "operator", unit, meaning, (), with_)


_SEARCH = "Elasticsearch"
METRICS: tuple[OwnMetric, ...] = (
    _process(
        "certificate.secondsLeft",
        "seconds",
        "until the certificate ends; negative afterwards. Of a chain the first to end, of trusted "
        "ones the last, as one that is valid will do. The label is the setting",
        "certificate",
    ),
    _process(
        "certificate.readable", "1, 0", "whether its file could be read a moment ago", "certificate"
    ),
    _process(
        "login.ticketSecondsLeft",
        "seconds",
        "until the Kerberos ticket of the last login that worked ends; negative afterwards. The "
        "process logs in for this by itself when a fifth of the life is left, with the same keytab",
        "login",
    ),
    _process("login.failedLogins", "count", "of these logins, since the start", "login"),
    _process("login.present", "1, 0", "whether the keytab or ticket cache can be read", "login"),
    _process(
        "login.kvno",
        "number",
        "the newest version of the principal's keys in the keytab; 0 if it has none",
        "login",
    ),
    _process("key.inUse", "1, 0", "whether this key of state seals what is written now", "key"),
    _process(
        "failedUnseals",
        "count",
        "sealed files that were altered, cut short, in another's place or not sealed at all, since "
        "the start",
    ),
    _process(
        "failedUnwraps",
        "count",
        "files whose key is not in the key ring, or whose key provider did not answer, since the "
        "start",
    ),
    _process(
        "residentMemory", "bytes", "of the whole process: Java, Python in it, native libraries"
    ),
    OwnMetric(
        "checkpointAge",
        "job",
        "seconds",
        "since the last completed checkpoint; since this JobManager began with the job, if none",
    ),
    OwnMetric(
        "savepointAge",
        "job",
        "seconds",
        "since the newest complete savepoint in the job's directory of savepoints; since the start "
        "of the JobManager, if there is none",
    ),
    _operator(
        "pythonProcessMemory",
        "bytes",
        "of the Python process that runs the functions of a task; 0 while there is none",
        "functions in processes of their own",
    ),
    _operator(
        "transactionAge",
        "seconds",
        "since the oldest Kafka transaction of this subtask was begun that is not committed",
    ),
    _operator("transactionTimeout", "seconds", "after which the brokers abort a transaction"),
    _operator("deadLetters", "count", "letters that were written, with `on_error` `dead_letter`"),
    _operator("undecodableRecords", "count", "records that a source left out, with `skip`"),
    _operator(
        "unwritableRecords", "count", "records that a sink of Kafka left out", "a sink that skips"
    ),
    _operator(
        "skippedElements",
        "count",
        "elements that a guarded function left out",
        "a guarded function",
    ),
    _operator("rejectedDocuments", "count", "documents that were left out", _SEARCH),
    _operator("retriedDocuments", "count", "documents that were sent again", _SEARCH),
    _operator("conflictingDocuments", "count", "documents that the index had already", _SEARCH),
    _operator("requestsInFlight", "number", "requests without an answer yet", _SEARCH),
    _operator("documentsInFlight", "number", "documents in them", _SEARCH),
    _operator("documentsInFlightLimit", "number", "how many there may be", _SEARCH),
    _operator("documentsWaiting", "number", "documents that are not sent yet", _SEARCH),
    _operator("requestMillis", "milliseconds", "that the last request took", _SEARCH),
    _operator("lateRows", "count", "rows of partitions that were finished", "HDFS by partitions"),
)


def metric(name: str) -> OwnMetric:
    """Return a metric by its name, ``certificate.secondsLeft``."""
    return next(one for one in METRICS if one.name == name)


def label_in_rest(label: str) -> str:
    """Return a label as Flink's REST has it (``MetricQueryService.replaceInvalidChars``)."""
    return re.sub(r"[ .:,]", "_", label)


def markdown() -> str:
    """Return the table of the documentation."""
    lines = ["| Metric | Of | Unit | Label | Meaning |", "|---|---|---|---|---|"]
    for one in METRICS:
        labels = ", ".join(f"`{label}`" for label in one.labels)
        only = f" (with {one.only_with})" if one.only_with else ""
        lines.append(
            f"| `{GROUP}.{one.name}` | {_WHERE[one.scope]}{only} | {one.unit} | {labels} "
            f"| {one.meaning} |"
        )
    return "\n".join(lines) + "\n"
