# SPDX-License-Identifier: Apache-2.0
"""What ``python job.py`` needs around it: Java, plugins, Hadoop's configuration, logs.

In a cluster the image and Flink's own configuration provide these; here they are laid out in a
private temporary directory that goes away with the process.
"""

from __future__ import annotations

import itertools
import logging
import os
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.files import reason
from flinksec_jobs.job_name import file_name
from flinksec_jobs.monitoring import watched
from flinksec_jobs.runtime import jvm, local_jvm, running, user_directories
from flinksec_jobs.runtime.local_jvm import Surroundings
from flinksec_jobs.runtime.run_figures import RunFigures, RunListener
from flinksec_jobs.runtime.running import RunningJob

if TYPE_CHECKING:
    from pyflink.common import JobExecutionResult

    from flinksec_jobs.runtime.submitted import SubmittedJob
from flinksec_jobs.sections.decides import as_texts, options_of
from flinksec_jobs.settings import ClusterSettings, Settings
from flinksec_jobs.settings.flink_defaults import LOOPBACK, defaults
from flinksec_jobs.settings.flink_options import options_set_by

_REPORTERS = "metrics.reporters"
_POLL_SECONDS, _MOMENT_EVERY = 0.1, 5
# PyFlink's own name.
_WORKERS = "_python_worker_execution_mode"
_listener = RunListener()
_log = logging.getLogger("flinksec_jobs")


@dataclass(frozen=True)
class LocalRun:
    """The surroundings of a job that runs in its own process.

    Attributes:
        job_name: names the log file.
        hadoop_options: what ``core-site.xml`` and ``hdfs-site.xml`` are to hold; empty for a job
            without HDFS, which then does not load Hadoop either.
        login: what its Kerberos login depends on.
        cipher_jars: what the sealed file system has beside its own jar.
        watched: what its metrics watch, as `flinksec_jobs.monitoring.watched` says it.
    """

    job_name: str
    hadoop_options: Mapping[str, str]
    login: tuple[str, ...] = ()
    cipher_jars: tuple[Path, ...] = ()
    watched: tuple[str, ...] = ()

    @property
    def log_file(self) -> Path:
        """Where the JVM of the job writes its log: ``FLINKSEC_LOG_FILE``, else one by its name."""
        if one := os.environ.get("FLINKSEC_LOG_FILE"):
            return Path(one)
        return log_directory() / f"{file_name(self.job_name)}.log"

    def start_jvm(self) -> None:
        """Have PyFlink's JVM run in these surroundings.

        Raises:
            JavaNotFoundError: there is no usable Java.
            ArtifactError: one of our jars, or Hadoop's, is missing or altered.
            JobError: the JVM did not start.
        """
        # PyFlink would start a server for Python workers in this process: on all interfaces,
        # without a password, and whoever reaches it may run any code here. Workers of process
        # mode are processes then, as they are in a cluster.
        os.environ[_WORKERS] = "process"
        _make_log_directory(self.log_file.parent)
        wanted = Surroundings.wanted(
            self.log_file, self.hadoop_options, self.login, self.cipher_jars
        )
        local_jvm.start(wanted, self.job_name)

    def protected(self, options: Mapping[str, str]) -> dict[str, str]:
        """Flink options with what keeps other users and machines out, whatever they said of it."""
        home = local_jvm.current()
        protections = loopback_options() | home.tls.flink_options | home.temporary_options
        for name, value in sorted(options.items()):
            if any(value != protections.get(option.name, value) for option in options_set_by(name)):
                _log.warning("[flink] %s has no effect on a local run, which protects itself", name)
        found = {**options, **protections, **self._gauges(options)}
        if named := options.get(_REPORTERS):
            # Flink starts those in the list alone.
            found[_REPORTERS] = f"{named},flinksec,{watched.OWN_GAUGES.rpartition('.')[2]}"
        return found

    def _gauges(self, options: Mapping[str, str]) -> dict[str, str]:
        savepoints = options.get("execution.checkpointing.savepoint-dir")
        more = [watched.savepoints(savepoints)] if savepoints else []
        return watched.gauges([*self.watched, *more])

    def run_to_end(self, environment: Any) -> JobExecutionResult:
        """Run the job of a ``StreamExecutionEnvironment``, and let other programs find it.

        Returns:
            Flink's result.

        Raises:
            JobError: it failed.
        """
        return self.follow(self.submit(environment))

    def submit(self, environment: Any) -> SubmittedJob:
        """Hand the job of a ``StreamExecutionEnvironment`` over, and do not wait for its end.

        Raises:
            JobError: Flink does not take it.
        """
        from flinksec_jobs.runtime.submitted import submit

        with self._failing():
            return submit(environment, self.job_name)

    def follow(self, submitted: SubmittedJob) -> JobExecutionResult:
        """Let other programs find a job until it ends.

        Returns:
            Flink's result.

        Raises:
            JobError: it failed.
        """
        with self._failing():
            return self._follow(submitted)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            with jvm.translated(f"the job {self.job_name} failed"):
                yield
        except JobError as error:
            hint = f"the log is {self.log_file}"
            error.hint = f"{error.hint}; {hint}" if error.hint else hint
            raise

    def _follow(self, submitted: SubmittedJob) -> JobExecutionResult:
        home, begin = local_jvm.current(), time.monotonic()
        job = RunningJob(
            name=self.job_name,
            job_id=submitted.id,
            process_id=os.getpid(),
            rest=(rest := submitted.rest_address()) or "",
            client=home.tls.client,
            log_file=self.log_file,
        )
        if rest:
            running.announce(home.directory, job)
        failure: BaseException | None = None
        try:
            if rest:
                _listener.started(job)
            for turn in itertools.count():
                if submitted.is_done():
                    break
                time.sleep(_POLL_SECONDS)
                if turn % _MOMENT_EVERY == 0:
                    _listener.moment(_figures(job, begin))
            result = submitted.result()
        except BaseException as error:
            failure = error
            raise
        finally:
            running.withdraw(home.directory)
            if not isinstance(failure, KeyboardInterrupt | SystemExit):
                with suppress(Exception):  # the JVM may be gone, which is told already
                    _listener.ended(job, _figures(job, begin), failure)
        if submitted.was_stopped():
            running.note_stop(home.directory, job.job_id)
        return result


def loopback_options() -> dict[str, str]:
    """Return what ``[flink]`` does not change in a local run.

    This machine may have other users, who reach its ports, and other machines have nothing to ask
    of it.
    """
    reached = ClusterSettings(bind_host=LOOPBACK, jobmanager_address=LOOPBACK)
    addresses = options_of(reached, only=("bind_host", "jobmanager_address"))
    return as_texts(addresses | defaults("protected", Settings()))


def listen(listener: RunListener) -> None:
    """Let somebody hear how the runs of this process get on."""
    global _listener  # noqa: PLW0603  one process, one listener
    _listener = listener


def _figures(job: RunningJob, begin: float) -> RunFigures:
    return RunFigures.of(jvm.figures(job.job_id), time.monotonic() - begin)


def log_directory() -> Path:
    """Where local runs write their logs: ``FLINKSEC_LOG_DIR``, else under the user's state."""
    if configured := os.environ.get("FLINKSEC_LOG_DIR"):
        return Path(configured)
    return user_directories.state() / "logs"


def python_options() -> dict[str, str]:
    """Return the Flink options that make Python functions find this interpreter and its packages.

    Thread mode embeds an interpreter that knows nothing of an inactive virtual environment, nor
    of the ``.pth`` files of editable installations; so it is told the whole module path.
    """
    library = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    standard = library | {str(Path(path) / "lib-dynload") for path in library}
    paths = [path for path in sys.path if path and path not in standard]
    return {
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "python.pythonpath": os.pathsep.join(p for p in paths if not p.endswith(".zip")),
    }


def _make_log_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_usable = os.access(directory, os.W_OK | os.X_OK)
        problem = "cannot be written by this user"
    except OSError as error:
        is_usable, problem = False, f"cannot be made: {reason(error)}"
    if not is_usable:
        raise SettingsError(
            f"the directory for logs, {directory}, {problem}",
            hint="name another one in the variable FLINKSEC_LOG_DIR, or in FLINKSEC_LOG_FILE",
        )
