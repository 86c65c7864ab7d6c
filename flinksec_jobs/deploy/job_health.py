# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a job that runs in a cluster, from what Kubernetes and Flink tell of it."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.deploy.job_look import JobLook
from flinksec_jobs.deploy.own_figures import OwnFigures
from flinksec_jobs.deploy.pods import PodLook
from flinksec_jobs.deploy.settings_look import SettingsLook
from flinksec_jobs.deploy.workload import JOB, WorkloadLook
from flinksec_jobs.findings import Finding, Where, problem, warning
from flinksec_jobs.flink_rest.answers import JobState

_ENDED = problem("job-has-failed", "a job in a cluster has failed for good")
_STOPPED = warning("job-has-ended", "a job in a cluster has come to its end, or was stopped")
_NO_POD = problem("pod-does-not-start", "a pod of a job cannot start")
_SILENT = problem("job-does-not-answer", "Flink's REST of a job in a cluster does not answer")
_UNKNOWN = problem("job-not-known", "the JobManager does not know the job that it was started for")
_NOT_RUNNING = problem("job-not-running", "a job in a cluster, or a part of it, does not run")
_LOST = problem("taskmanagers-missing", "a cluster has fewer TaskManagers than it shall have")
_NO_CHECKPOINT = problem("checkpoint-overdue", "a job has not completed a checkpoint for long")
_FAILED = warning("checkpoint-has-failed", "the newest checkpoint of a job failed")
_RESTARTED = warning("job-was-restarted", "the tasks of a job were started again after a failure")
_SLOW = warning("job-back-pressured", "tasks of a job wait for those after them")

_CERTIFICATE = problem("certificate-in-use", "a certificate of a running job ends now, or is away")
_CERTIFICATE_SOON = warning("certificate-in-use-ends", "a certificate of a running job ends soon")
_LOGIN = problem("login-in-use", "a keytab of a running job is away, or its ticket has ended")
_KEYS = warning("keys-in-use-differ", "processes of a job seal with different keys of state")
_SETTINGS = warning("settings-not-given", "the running job was started with other settings")

# As the alerts FlinkCertificateEndsSoon and FlinkCertificateEndsNow have it.
_DAY = 86_400
SOON_SECONDS, NOW_SECONDS = 14 * _DAY, 3 * _DAY
# So many intervals may pass, and a minute for a checkpoint that takes its time.
_INTERVALS, _GRACE_MS = 3, 60_000
_MUCH = 0.5
# SUCCEEDED and CANCELED are 0, FAILED is 1443, of which a process can give 8 bits
# (org.apache.flink.runtime.clusterframework.ApplicationStatus).
_FAILED_CODE = 1443 & 0xFF


def of_workload(found: WorkloadLook) -> Iterator[Finding]:
    """Yield what Kubernetes tells that is wrong."""
    job = Where(object=str(JOB))
    pod = found.jobmanager
    if found.ended.startswith("Failed"):
        code = "" if pod is None or pod.exit_code is None else f", exit code {pod.exit_code}"
        gave_up = pod is not None and pod.exit_code == _FAILED_CODE
        yield _ENDED.at(
            job,
            f"it has ended: {found.ended}{code}",
            fix="see why with `flinksec logs`; then `flinksec recover`"
            if gave_up
            else "see why with `flinksec logs`",
        )
    elif found.ended:
        yield _STOPPED.at(
            job,
            "it has ended with success: its sources came to their end, or it was stopped",
            fix="`flinksec upgrade` or `flinksec restart` starts it again from its savepoint",
        )
    elif pod is None:
        yield _NO_POD.at(
            job, "it has no pod", fix=f"ask `kubectl describe job/{JOB.name}` for its events"
        )
    for one in found.pods:
        if one.waits_for or one.unscheduled:
            yield _waiting(one)


def _waiting(pod: PodLook) -> Finding:
    return _NO_POD.at(
        Where(object=f"Pod/{pod.name}"),
        f"it waits: {pod.waits_for or pod.unscheduled}",
        fix=f"`kubectl describe pod {pod.name}` has its events",
    )


def silent(why: str) -> Finding:
    """Return the finding that Flink does not answer."""
    return _SILENT.at(Where(object=str(JOB)), why, fix="see the log: `flinksec logs`")


def unknown(job_id: str) -> Finding:
    """Return the finding that the JobManager does not know its job."""
    return _UNKNOWN.at(
        Where(object=str(JOB)),
        f"the JobManager answers and does not know the job {job_id}: it starts, or could not",
        fix="see its log: `flinksec logs`",
    )


def of_job(look: JobLook, wanted_taskmanagers: int, now_ms: int) -> Iterator[Finding]:
    """Yield what Flink tells that is wrong.

    Args:
        look: what it tells.
        wanted_taskmanagers: how many there shall be.
        now_ms: epoch milliseconds.
    """
    where = Where(object=look.job.name)
    failure = look.last_exception
    if not look.job.is_running:
        parts = "" if look.job.state is not JobState.RUNNING else ", and not all of its tasks run"
        cause = f": {failure.cause}" if failure else ""
        yield _NOT_RUNNING.at(
            where, f"it is {look.job.state}{parts}{cause}", fix="see its log: `flinksec logs`"
        )
    if look.taskmanagers < wanted_taskmanagers:
        yield _LOST.at(
            where,
            f"{look.taskmanagers} of {wanted_taskmanagers} TaskManagers are registered",
            fix="`kubectl get pods` shows which does not start; `flinksec logs --taskmanagers`",
        )
    if look.restarts:
        cause = f"; the last failure: {failure.cause}" if failure else ""
        yield _RESTARTED.at(
            where,
            f"its tasks were started again {look.restarts} times{cause}",
            fix="see its log: `flinksec logs`",
        )
    yield from _of_checkpoints(look, where, now_ms)
    for one in look.pressure:
        if one.back_pressured is not None and one.back_pressured >= _MUCH:
            yield _SLOW.at(
                where,
                f"tasks of {one.vertex} wait for those after them {one.back_pressured:.0%} of "
                "the time",
                fix="`flinksec rescale N` gives it more tasks, if what it writes to keeps up",
            )


def of_settings(found: SettingsLook) -> Iterator[Finding]:
    """Yield that the job was started with other settings than there are now."""
    if found.changed:
        yield _SETTINGS.at(
            Where(object=str(JOB)),
            f"it has not seen what was changed since its start: {', '.join(found.changed)}",
            fix="`flinksec restart` gives it to the job",
        )


def of_processes(own: OwnFigures) -> Iterator[Finding]:
    """Yield what metrics of ours tell that is wrong."""
    for one in own.certificates:
        where, left = Where(setting=one.setting), one.seconds_left
        if not one.readable:
            yield _CERTIFICATE.at(
                where, "its file cannot be read", fix="mount it, and make it readable for the job"
            )
        elif left is not None and left < SOON_SECONDS:
            kind = _CERTIFICATE if left < NOW_SECONDS else _CERTIFICATE_SOON
            yield kind.at(
                where,
                f"the certificate ends in {left / _DAY:.1f} days" if left > 0 else "it has ended",
                fix="renew it; docs/certificates.md, Rotation",
            )
    for login in own.logins:
        where = Where(setting=login.section)
        if not login.present or login.kvno == 0:
            yield _LOGIN.at(
                where,
                "the keytab or ticket cache cannot be read, or has no key of the principal",
                fix="mount it; `flinksec doctor` says more",
            )
        elif login.ticket_seconds_left is not None and login.ticket_seconds_left <= 0:
            yield _LOGIN.at(
                where,
                "it has no ticket: the last has ended, or no login ever worked",
                fix="see why the KDC gives none: `flinksec logs --all --errors`",
            )
    if len(own.keys) > 1:
        yield _KEYS.at(
            Where(object=str(JOB)),
            f"they seal with {', '.join(one.id for one in own.keys)}",
            fix="restart all before you retire the older one: `flinksec restart`",
        )


def _of_checkpoints(look: JobLook, where: Where, now_ms: int) -> Iterator[Finding]:
    seen = look.checkpoints
    last, failed = seen.last, seen.last_failed
    since = max(look.job.started, last.completed if last else 0)
    late = now_ms - since > _INTERVALS * look.interval + _GRACE_MS
    reason = f": {failed.reason}" if failed and failed.reason else ""
    if late:
        yield _NO_CHECKPOINT.at(
            where,
            f"no checkpoint was completed for {(now_ms - since) // 1000} s, and one is due every "
            f"{look.interval / 1000:g} s{reason}",
            fix="without one everything since the last is done again after a failure; see the "
            "log: `flinksec logs`",
        )
    elif failed and failed.at > (last.completed if last else 0):
        yield _FAILED.at(
            where, f"the newest checkpoint failed{reason}", fix="see its log: `flinksec logs`"
        )
