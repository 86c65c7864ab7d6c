# SPDX-License-Identifier: Apache-2.0
"""The bridge to the JVM: the only module that touches Py4J, but for `gateway`, which makes it.

Only flat values cross it: strings, numbers, lists of strings, maps of strings, and the Java
objects that PyFlink itself hands around.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flinksec_jobs.errors import FlinkSecError, JobError
from flinksec_jobs.runtime import java_causes, python_errors

_log = logging.getLogger("flinksec_jobs")

_DEEPEST = 30
_MOST_FRAMES = 100
_JARS = "pipeline.jars"
# The JVM that `attach` has made known, by PyFlink's own object for it.
_started: dict[str, Any] = {}
_ROW_TYPES = (
    "org.apache.flink.api.java.typeutils.RowTypeInfo",
    "org.flinksec.rows.RecordTypeInfo",
)
_OURS = "org.flinksec."
_NOISE = (
    "org.apache.flink.runtime.client.JobExecutionException",
    "org.apache.flink.runtime.JobException",
    "org.apache.flink.util.FlinkRuntimeException",
    "java.util.concurrent.ExecutionException",
    "java.util.concurrent.CompletionException",
    "java.lang.reflect.InvocationTargetException",
)


def runs_in_a_cluster() -> bool:
    """Whether a JVM started this Python program (``flink run -py``, application mode)."""
    return "PYFLINK_GATEWAY_PORT" in os.environ


def is_there() -> bool:
    """Whether this program has a JVM, without importing PyFlink for the answer."""
    java_gateway = sys.modules.get("pyflink.java_gateway")
    return java_gateway is not None and java_gateway._gateway is not None


def refuse_a_foreign_one() -> None:
    """Refuse a JVM that PyFlink has started on its own.

    Raises:
        JobError: there is one.
    """
    from pyflink import java_gateway

    if java_gateway._gateway is not None and java_gateway._gateway is not _started.get("gateway"):
        raise JobError(
            "PyFlink has started a JVM before the job could prepare it, so it has neither "
            "Kerberos nor sealed state, and lets every user of this machine in",
            hint="move every PyFlink object into the block `with SecureJob(…)`, such as a Schema "
            "or a Configuration at the top of a module",
        )


def attach(gateway: Any) -> None:
    """Let PyFlink use a JVM that runs.

    Args:
        gateway: Py4J's connection with it.
    """
    from pyflink import java_gateway

    launch = java_gateway.launch_gateway
    java_gateway.launch_gateway = lambda: gateway
    try:
        _started["gateway"] = java_gateway.get_gateway()
    finally:
        java_gateway.launch_gateway = launch


def detach() -> None:
    """Let PyFlink forget a JVM that has ended."""
    from pyflink import java_gateway

    java_gateway._gateway = None
    _started.clear()


def view() -> Any:
    """Py4J's view of the running JVM's classes."""
    from pyflink.java_gateway import get_gateway

    return get_gateway().jvm


def process_id() -> int:
    """Return the process id of the JVM that runs the job."""
    return int(view().ProcessHandle.current().pid())


def set_system_property(name: str, value: str) -> None:
    """Set a Java system property, which unlike a JVM argument may hold spaces."""
    view().System.setProperty(name, value)


def properties(values: Mapping[str, str]) -> Any:
    """Return a ``java.util.Properties`` of some strings."""
    made = view().java.util.Properties()
    for name, value in values.items():
        made.setProperty(name, value)
    return made


def string_map(values: Mapping[str, str]) -> Any:
    """Return a ``java.util.HashMap`` of some strings."""
    made = view().java.util.HashMap()
    for name, value in values.items():
        made.put(name, value)
    return made


def string_list(values: Sequence[str]) -> Any:
    """Return a ``java.util.ArrayList`` of some strings."""
    made = view().java.util.ArrayList()
    for value in values:
        made.add(value)
    return made


def add_jars(environment: Any, jars: Sequence[Path]) -> None:
    """Ship jars with the job of a ``StreamExecutionEnvironment``."""
    with translated("cannot add the connectors' jars to the job"):
        environment.add_jars(*[jar.as_uri() for jar in jars])


def leave_out_flinks_python(environment: Any) -> None:
    """Do not ship PyFlink's jar with a job whose processes have it on their class path.

    Flink adds it to every Python program: 40 MB that would lie in the storage of high
    availability, and that each TaskManager would fetch at each of its starts.
    """
    from pyflink.common import Configuration

    with translated("cannot look at the jars of the job"):
        jvm = view()
        on_class_path = str(jvm.java.lang.System.getProperty("java.class.path"))
        options = jvm.org.apache.flink.python.util.PythonConfigUtil.getEnvironmentConfig(
            environment._j_stream_execution_environment
        )
        jars = Configuration.parse_list_value(options.getString(_JARS, None))
        options.setString(_JARS, str(without_flinks_python(jars, on_class_path)))


def without_flinks_python(jars: Sequence[str], class_path: str) -> list[str]:
    """Leave out of these URLs that of PyFlink's jar if it is on the class path."""
    there = set(class_path.split(os.pathsep))
    return [
        jar
        for jar in jars
        if not ("/flink-python-" in jar and unquote(urlsplit(jar).path) in there)
    ]


def figures(job_id: str) -> dict[str, int]:
    """Return the figures of a job of a local run, by the names that Flink gives its metrics.

    An operator's are ``numRecordsIn NAME``; they stay when the job has ended.
    """
    lines = view().org.flinksec.gateway.RunMetrics.figures(job_id).splitlines()
    return {name: int(value) for value, _, name in (line.partition(" ") for line in lines)}


def count_submissions(environment: Any) -> Any:
    """Count the jobs that a ``StreamExecutionEnvironment`` hands over: ``.count()`` tells."""
    counter = view().org.flinksec.gateway.Submissions()
    environment._j_stream_execution_environment.registerJobListener(counter)
    return counter


def is_empty(environment: Any) -> bool:
    """Whether nothing is defined that could run."""
    return bool(environment._j_stream_execution_environment.getTransformations().isEmpty())


def initialize_file_systems(configuration: Any) -> None:
    """Load Flink's file system plugins with the job's configuration.

    A local run never does so by itself (FLINK-11470): without this the scheme of the sealed file
    system is unknown, or is configured with nothing.
    """
    jvm = view()
    j_configuration = configuration._j_configuration
    core = jvm.org.apache.flink.core
    plugins = core.plugin.PluginUtils.createPluginManagerFromRootFolder(j_configuration)
    with translated("the file systems of the job cannot be set up"):
        core.fs.FileSystem.initialize(j_configuration, plugins)


def context_option(name: str) -> str | None:
    """Return an option of the cluster that started this program, ``None`` if it is not set."""
    environments = view().org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
    options = environments.getExecutionEnvironment().getConfiguration().toMap()
    value = options.get(name)
    return None if value is None else str(value)


def read_to_end(uri: str) -> int:
    """Read a file through Flink's file systems, as a restoring job does.

    Returns:
        How many bytes it has.

    Raises:
        JobError: it cannot be read to its end.
    """
    path = view().org.apache.flink.core.fs.Path(uri)
    nowhere = view().java.io.OutputStream.nullOutputStream()
    with translated(f"cannot read {uri}"):
        stream = path.getFileSystem().open(path)
        try:
            return int(stream.transferTo(nowhere))
        finally:
            stream.close()


def login_to_kerberos(configuration: Any, principal: str) -> None:
    """Log the JVM in with ``security.kerberos.login.*``, which a local run otherwise ignores.

    Args:
        configuration: PyFlink's, with these options.
        principal: as whom.

    Raises:
        JobError: it is not possible, or would be someone else.
    """
    security = view().org.apache.flink.runtime.security
    with translated("the login failed"):
        security.SecurityUtils.install(
            security.SecurityConfiguration(configuration._j_configuration)
        )
        user = view().org.apache.hadoop.security.UserGroupInformation.getLoginUser()
        real = user.getRealUser() or user
    # Without a ticket Hadoop's client goes on as the user of the operating system.
    if not real.hasKerberosCredentials():
        raise JobError("there are no tickets, or they have ended: failed to find any Kerberos tgt")
    if real.getUserName() != principal:
        raise JobError(f"the tickets are those of {real.getUserName()}")


def data_refused() -> str:
    """Return why data of HDFS was not sent, as it would have been in clear; empty if it was.

    It is told once.
    """
    try:
        return str(view().org.flinksec.hadoop.ProtectedSockets.takeLastRefusal())
    except TypeError:
        return ""  # the JVM is one without Hadoop


def row_type_of(stream: Any) -> Any:
    """Return the Java row type of a stream's records, or ``None`` if they are no rows.

    A stream made of a table has rows too, described in the planner's terms.
    """
    j_type = stream._j_data_stream.getType()
    name = j_type.getClass().getName()
    if name == "org.apache.flink.table.runtime.typeutils.ExternalTypeInfo":
        with translated("a stream that was made of a table has a column of another type"):
            return view().org.flinksec.rows.TableTypes.rowType(j_type.getDataType())
    return j_type if name in _ROW_TYPES else None


def is_stream_of_rows(stream: Any) -> bool:
    """Whether a stream's records are rows with typed fields."""
    return row_type_of(stream) is not None


def is_stream_of_strings(stream: Any) -> bool:
    """Whether a stream's records are strings."""
    return bool(stream._j_data_stream.getType().equals(view().Types.STRING))


def is_traced(stream: Any) -> bool:
    """Whether it is known which record of Kafka each element of a stream was made of."""
    lineage = view().org.flinksec.badrecords.Lineage
    return bool(lineage.isTraced(stream._j_data_stream.getTransformation()))


@contextmanager
def translated(failed: str) -> Iterator[None]:
    """Turn an exception out of the JVM into a `JobError` whose message is its root cause.

    The Java stack trace is kept as the error's ``__context__`` and told to the logger at DEBUG, but
    not printed with a traceback: it would stand before the message, a hundred lines of it.

    Args:
        failed: what failed, the start of the message.
    """
    from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError

    try:
        yield
    except FlinkSecError:
        raise
    except Py4JJavaError as error:
        _log.debug("%s", failed, exc_info=True)
        told = f"{failed}: {root_cause(error.java_exception)}"
        raise JobError(told, hint=java_causes.hint(_chain(error.java_exception))) from None
    except (Py4JNetworkError, ConnectionError):
        raise JobError(
            f"{failed}: the JVM that ran the job is gone",
            hint="look at the end of its log: it was killed or ran out of memory; "
            "start the job again: it goes on from its last complete checkpoint",
        ) from None
    except Py4JError as error:
        raise JobError(f"{failed}: {error}") from None
    except Exception as error:
        # PyFlink turns some Java exceptions into Python ones of its own, trace and all.
        if type(error).__module__ != "pyflink.util.exceptions":
            raise
        raise JobError(f"{failed}: {_first_telling_line(str(error))}") from None


def root_cause(java_exception: Any) -> str:
    """Return what a Java exception means: our own message, else its deepest cause.

    The exceptions of our own Java code are written for people; what caused them is for the log.
    All others are told as ``Class: message`` of the deepest cause, frames left out. Of a login that
    failed on its way to a KDC, or of a KMS, that cause alone would not say whom it is about.
    """
    chain = _chain(java_exception)
    for exception in chain:
        if exception.getMessage() and _is_ours(exception):
            return _without_frames(exception.getMessage())
        if told := _python_error(exception):
            return told
    if told := java_causes.of_kdc(chain) or java_causes.of_kms(chain):
        return told
    for exception in reversed(chain):
        name = exception.getClass().getName()
        message = exception.getMessage()
        if message and name not in _NOISE:
            return f"{name.rsplit('.', 1)[-1]}: {_without_frames(message)}"
    return _without_frames(str(chain[-1].toString()))


def _chain(java_exception: Any) -> list[Any]:
    """Return an exception and what caused it, each the cause of the one before."""
    chain = [java_exception]
    while (cause := chain[-1].getCause()) is not None and len(chain) < _DEEPEST:
        chain.append(cause)
    return chain


def _is_ours(exception: Any) -> bool:
    """Whether our own Java code wrote the message: by its class, or by what threw it."""
    name = exception.getClass().getName()
    if name == python_errors.IN_BATCHES:
        return False  # a Python function's
    if name != "java.lang.IllegalArgumentException":
        return bool(name.startswith(_OURS))
    frames = exception.getStackTrace()
    return len(frames) > 0 and str(frames[0].getClassName()).startswith(_OURS)


def _python_error(exception: Any) -> str | None:
    """Return what a Java exception tells of one in a Python function, ``None`` if it does not."""
    message = exception.getMessage() or ""
    name = exception.getClass().getName()
    if name in (python_errors.THREAD_MODE, python_errors.IN_BATCHES):
        elements = list(exception.getStackTrace())[:_MOST_FRAMES]
        frames = [
            python_errors.java_frame(
                element.getClassName(),
                element.getFileName(),
                element.getLineNumber(),
                element.getMethodName(),
            )
            for element in elements
        ]
        return python_errors.of_thread_mode(message, [frame for frame in frames if frame])
    return python_errors.of_process_mode(message)


def _without_frames(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("at ")]
    return "\n".join(lines).strip()


def _first_telling_line(text: str) -> str:
    causes = [line for line in text.splitlines() if line.startswith("Caused by: ")]
    return (causes[-1].removeprefix("Caused by: ") if causes else text.splitlines()[0]).strip()
