# SPDX-License-Identifier: Apache-2.0
"""Refuses jobs that would run well and deliver nothing: sinks that only a checkpoint commits.

Kafka's transactions and HDFS's files become visible with the checkpoint that covers them. Without
checkpoints, or with transactions that end before the next one, all is written and nobody sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from flinksec_jobs.findings import Finding, Where, problem, warning
from flinksec_jobs.runtime.graph import Checkpointing

_INVISIBLE = problem("nothing-becomes-visible", "no checkpoint commits what a job writes")
_NOT_EXACTLY_ONCE = problem(
    "checkpoints-not-exactly-once", "checkpoints count a record twice, and sinks write it once"
)
_NONE_AT_THE_END = problem(
    "no-checkpoint-at-the-end", "no checkpoint commits the last records of a job that ends"
)
_TOO_SHORT = problem("transactions-too-short", "transactions end before a checkpoint commits them")
_MAY_BE_TOO_SHORT = warning(
    "transactions-may-be-too-short", "transactions may end before a checkpoint commits them"
)
_NO_CHECKPOINTS = warning("no-checkpoints", "after a failure records are lost or written twice")

_INTERVAL = "execution.checkpointing.interval"


@dataclass(frozen=True)
class Transactions:
    """Transactions that a server drops if nobody commits them in time.

    Attributes:
        timeout: how long one may stay open.
        setting: the setting that says so, ``kafka.transaction_timeout``.
        limit: the servers' own limit of it, by its name, ``the brokers' …``.
    """

    timeout: timedelta
    setting: str
    limit: str


@dataclass(frozen=True)
class Delivery:
    """How a sink of a job delivers.

    Attributes:
        target: what it writes to, ``the Kafka topic alerts``.
        by_checkpoint: whether only a checkpoint makes visible what it wrote.
        transactions: those that it writes in; ``None`` if there are none.
    """

    target: str
    by_checkpoint: bool
    transactions: Transactions | None = None


def check(
    job: str,
    deliveries: Iterable[Delivery],
    checkpoints: Checkpointing,
    *,
    bounded: bool,
) -> Iterator[Finding]:
    """Yield what keeps the records of a job from ever being visible, or may.

    Args:
        job: the job's name.
        deliveries: its sinks.
        checkpoints: as Flink will make them.
        bounded: whether the job ends by itself. Flink then commits at its end.
    """
    sinks = list(deliveries)
    by_checkpoint = [sink.target for sink in sinks if sink.by_checkpoint]
    if not checkpoints.enabled:
        yield from _without_checkpoints(job, sinks, by_checkpoint, bounded=bounded)
        return
    if by_checkpoint and not checkpoints.exactly_once:
        mode = "flink.execution.checkpointing.mode"
        yield _NOT_EXACTLY_ONCE.at(
            Where(setting=mode),
            f"{mode} is not EXACTLY_ONCE, and the job {job} writes exactly once to "
            f"{_listed(by_checkpoint)}",
            fix='remove it, or write with delivery="at_least_once" if that is meant',
        )
    if by_checkpoint and bounded and not checkpoints.after_finish:
        finish = "flink.execution.checkpointing.checkpoints-after-tasks-finish"
        yield _NONE_AT_THE_END.at(
            Where(setting=finish),
            f"{finish} is false, so the last records of the job {job} would never be visible in "
            f"{_listed(by_checkpoint)}",
            fix="remove it",
        )
    kinds = dict.fromkeys(sink.transactions for sink in sinks if sink.transactions)
    for kind in kinds:
        targets = [sink.target for sink in sinks if sink.transactions == kind]
        yield from _transactions(job, targets, checkpoints, kind)


def _without_checkpoints(
    job: str, sinks: list[Delivery], by_checkpoint: list[str], *, bounded: bool
) -> Iterator[Finding]:
    if by_checkpoint and not bounded:
        yield _INVISIBLE.at(
            Where(),
            f"the job {job} makes no checkpoints, and without one nothing that it writes to "
            f"{_listed(by_checkpoint)} ever becomes visible",
            fix=f'set state.directory and state.keys (and no [flink] "{_INTERVAL}" that '
            'switches checkpoints off); a topic may be written with delivery="at_least_once" '
            "instead; a job that ends by itself (bounded=True) needs none",
        )
    elif sinks and not bounded:
        yield _NO_CHECKPOINTS.at(
            Where(),
            f"the job {job} makes no checkpoints (there is no [state]): after a failure it begins "
            "again where its sources begin, and records are lost or written twice",
            fix="set state.directory and state.keys",
        )


def _transactions(
    job: str, targets: list[str], checkpoints: Checkpointing, transactions: Transactions
) -> Iterator[Finding]:
    between = max(checkpoints.interval, checkpoints.min_pause)
    limit = transactions.timeout // timedelta(milliseconds=1)
    where = Where(setting=transactions.setting)
    fix = (
        f"shorten state.checkpoint_interval, or raise {transactions.setting} and "
        f"{transactions.limit}"
    )
    if between >= limit:
        yield _TOO_SHORT.at(
            where,
            f"{transactions.setting} ({limit // 1000} s) is not longer than the time between "
            f"checkpoints ({between // 1000} s): the servers would drop each transaction of the "
            f"job {job} to {_listed(targets)} before a checkpoint commits it",
            fix=fix,
        )
    elif between + checkpoints.timeout > limit:
        yield _MAY_BE_TOO_SHORT.at(
            where,
            f"a checkpoint of the job {job} may take longer than what {transactions.setting} "
            f"({limit // 1000} s) leaves after the interval ({between // 1000} s) and the "
            f"checkpoints' own timeout ({checkpoints.timeout // 1000} s): its records would be "
            "lost",
            fix=fix,
        )


def _listed(targets: list[str]) -> str:
    return ", ".join(sorted(set(targets)))
