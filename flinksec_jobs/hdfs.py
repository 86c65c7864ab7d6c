# SPDX-License-Identifier: Apache-2.0
"""HDFS: settings to Flink's own file sink, and to the Hadoop client's configuration.

What a job needs for it is registered by `writing` and `client`.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flinksec_jobs import file_columns, formats, hadoop_conf, hadoop_files, refusals
from flinksec_jobs.delivery import Delivery
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.file_layout import Layout
from flinksec_jobs.findings import Finding
from flinksec_jobs.runtime import artifacts, jvm
from flinksec_jobs.settings import HdfsSettings
from flinksec_jobs.uses import Question, Use

if TYPE_CHECKING:
    from flinksec_jobs.record_sink import RecordSink
    from flinksec_jobs.settings import Settings

# What holds unless `conf_dir` says otherwise.
_HABITS = {
    # The short name of a principal is its first part, as on the servers.
    "hadoop.security.auth_to_local": "RULE:[2:$1] RULE:[1:$1] DEFAULT",
    # A NameNode that is not there is told within seconds, not after minutes.
    "ipc.client.connect.max.retries": "3",
    "ipc.client.connect.retry.interval": "500",
    "ipc.client.connect.max.retries.on.timeouts": "2",
    "ipc.client.connect.timeout": "5000",
}

# In what Hadoop's client says, and no other one.
_OF_HDFS = re.compile(
    r"[Nn]ame ?[Nn]ode is in safe mode|(DiskSpace|NameSpace) quota|minReplication nodes"
    r"|[Aa]ll datanodes .*are bad|Permission denied: user="
    r"|DECRYPT_EEK|No KeyProvider|the KMS (does not answer|is not trusted)"
    r"|is not allowed to impersonate|state standby"
    r"|[Ff]ailed to find any Kerberos tgt|is neither there nor left unfinished"
)
# What Hadoop's client says when data went to no DataNode, or came from none: never why.
_OF_DATA = re.compile(
    r"minReplication nodes|[Aa]ll datanodes .*are bad|Unable to create new block"
    r"|Could not (obtain block|get block locations)"
)
# What a login says that would go on by a ticket cache whose tickets have ended.
_NO_NEW_TICKET = "Unable to obtain password from user"

_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
_NOT_IN_PATHS = {
    ":": "HDFS takes no colon in a path",
    "\\": "Hadoop's client would take the backslash for a slash",
    "\0": "a path has no NUL",
}


def client(settings: Settings) -> Use:
    """Return what a job needs that has files on HDFS, whatever they are."""
    return Use(
        f"HDFS{of_cluster(settings)}",
        files=lambda: check_files(settings, sections={"hdfs", "kerberos"}),
        login=settings.kerberos,
        explain=partial(_while_it_runs, settings),
    )


def writing(settings: Settings, path: str, layout: Layout, columns: Sequence[Any] = ()) -> Use:
    """Return what a job needs that writes files to a directory.

    Args:
        settings: of the job.
        path: the directory.
        layout: what files there are.
        columns: the Java ``FileColumns`` of them, as `sink` notes them.
    """
    jar_sets = layout.jars()
    questions = [_right_question(settings, path)]
    if layout.form().columns is not None:
        questions.append(_columns_question(settings, path, layout, columns))
    return replace(
        client(settings),
        name=f"writes HDFS path {path}{of_cluster(settings)}",
        jars=lambda: [jar for name in jar_sets for jar in artifacts.jars(name)],
        questions=tuple(questions),
        delivery=Delivery(f"the HDFS path {path}{of_cluster(settings)}", by_checkpoint=True),
    )


def of_cluster(settings: Settings) -> str:
    """Return what follows the name of a path that is not of ``[hdfs]``: `` of archive``."""
    name = settings.spelling.setting("hdfs").partition(".")[2]
    return f" of {name}" if name else ""


def question(settings: Settings, *paths: str) -> Question:
    """Return the question whether HDFS lets the job look up directories."""
    named = of_cluster(settings)

    def asked(about: Sequence[str]) -> Iterable[Finding]:
        with settings.spelling.told():
            return ask(settings.need(HdfsSettings), about)

    return Question(
        id=f"hdfs-paths{named.replace(' ', '-')}",
        label=f"HDFS{named} lets the job in, and look up its directories",
        setting=settings.spelling.setting("hdfs.uri"),
        ask=asked,
        about=paths,
    )


def _right_question(settings: Settings, path: str) -> Question:
    def asked(about: Sequence[str]) -> Iterable[Finding]:
        with settings.spelling.told():
            return ask(settings.need(HdfsSettings), about, written=True)

    named = of_cluster(settings)
    return Question(
        id=f"hdfs-rights{named.replace(' ', '-')}",
        label=f"HDFS{named} lets the job in, and write its directories",
        setting=settings.spelling.setting("hdfs.uri"),
        ask=asked,
        about=(path,),
    )


def _while_it_runs(settings: Settings, error: JobError) -> JobError | None:
    """Return why a job failed in terms of settings, if HDFS or its KMS refused it."""
    login = settings.kerberos
    if login and login.ticket_cache and _NO_NEW_TICKET in error.message:
        told = f"failed to find any Kerberos tgt in {login.ticket_cache.path}: {error.message}"
        error = JobError(told, hint=error.hint)
    # The JVM remembers one of a job before this one, too.
    refused = jvm.data_refused() if jvm.is_there() and _OF_DATA.search(error.message) else ""
    if not refused and not _OF_HDFS.search(error.message):
        return None
    return refusals.explained(
        JobError(refused) if refused else error,
        "HDFS fails the running job:",
        refusals.HDFS,
        otherwise="hdfs.uri",
    )


def ask(
    settings: HdfsSettings, paths: Sequence[str], *, written: bool = False
) -> Iterable[Finding]:
    """Look up, as the job's principal, the directories that the job writes to.

    Args:
        settings: of ``[hdfs]``, or of one of its clusters.
        paths: the directories.
        written: whether the right to write them, or to make them, is asked for as well.

    Raises:
        JobError: the NameNode, or the KMS of an encryption zone, cannot be reached or refuses us.
    """
    flink = jvm.view().org.apache.flink.core.fs
    for path in paths:
        location = flink.Path(settings.uri + path)
        try:
            with jvm.translated(path):
                system = location.getFileSystem()
                system.exists(location)
                require_key(system, path)
                if written:
                    require_right(system, path)
        except JobError as error:
            raise refusals.explained(
                error,
                f"HDFS at {settings.uri} cannot be used.",
                refusals.HDFS,
                otherwise=f"to_hdfs({path!r}), or hdfs.uri",
            ) from error
    return ()


def require_right(system: Any, path: str) -> str:
    """Ask whether files may be written below a path, which the job makes if it is not there.

    Args:
        system: Flink's file system.
        path: a directory on it, that need not be there.

    Returns:
        The directory that was asked about: this one, or the nearest above that exists.

    Raises:
        Py4JJavaError: it may not be written.
    """
    view = jvm.view()
    hadoop, files = view.org.apache.hadoop.fs, system.getHadoopFileSystem()
    nearest = hadoop.Path(path)
    while not files.exists(nearest) and nearest.getParent() is not None:
        nearest = nearest.getParent()
    files.access(nearest, hadoop.permission.FsAction.WRITE_EXECUTE)
    return str(nearest.toUri().getPath())


def require_key(system: Any, path: str) -> None:
    """Ask the KMS for the key of an encryption zone, if the path is in one.

    Args:
        system: Flink's file system.
        path: a directory or a file on it, that need not be there.

    Raises:
        Py4JJavaError: no KMS is named, or it does not let the job's user open files there.
    """
    java = jvm.view()
    java.org.flinksec.hadoop.ZoneKeys.check(
        system.getHadoopFileSystem(), java.org.apache.hadoop.fs.Path(path)
    )


_numbers = itertools.count(1)


def _columns_question(
    settings: Settings, path: str, layout: Layout, columns: Sequence[Any]
) -> Question:
    def asked(_: Sequence[str]) -> Iterable[Finding]:
        with settings.spelling.told():
            return list(_changed_columns(settings.need(HdfsSettings).uri, path, layout, columns))

    return Question(
        id=f"hdfs-columns-{next(_numbers)}",
        label=f"new files of HDFS{of_cluster(settings)} have the columns of those that are there",
        setting=settings.spelling.setting("hdfs.uri"),
        ask=asked,
        about=(path,),
    )


def _changed_columns(
    uri: str, path: str, layout: Layout, columns: Sequence[Any]
) -> Iterable[Finding]:
    accepted = layout.schema_change == "accept"
    try:
        for each in columns:
            yield from file_columns.changes(uri, path, layout.suffix(), each, accepted=accepted)
    except JobError as error:
        raise refusals.explained(
            error,
            f"The files below {path} cannot be looked at.",
            refusals.HDFS,
            otherwise=f"to_hdfs({path!r}), or hdfs.uri",
        ) from error


def hadoop_options(settings: Settings) -> dict[str, str]:
    """Return what ``core-site.xml`` and ``hdfs-site.xml`` say; nothing without ``[hdfs]``.

    With ``conf_dir`` its files are the base, and what the settings decide wins over them, also
    where they call an option final.

    Raises:
        SettingsError: the files of ``conf_dir`` cannot be used.
    """
    own = settings.hdfs
    if own is None:
        return {}
    given: dict[str, str] = {}
    if own.conf_dir is not None:
        given = hadoop_files.read(own.conf_dir, "hdfs.conf_dir")
        if mounts := hadoop_conf.elsewhere(given):
            raise SettingsError(
                f"hdfs.conf_dir {own.conf_dir} mounts by {mounts[0]} what is not on HDFS",
                hint="mount directories of hdfs:// alone: elsewhere nothing would protect them",
            )
    more = settings.hdfs_clusters.values()
    return _HABITS | hadoop_conf.merged(given, hadoop_conf.decided(own, more))


def sink(
    settings: Settings,
    path: str,
    layout: Layout,
    *,
    owner: str = "",
    uid: str = "",
    columns: list[Any] | None = None,
) -> RecordSink:
    """Return a sink of files that become visible, whole, with the checkpoint that covers them.

    Args:
        settings: of the job, as `Settings.on_hdfs` gives them.
        path: the directory.
        layout: what files there are.
        owner: names the sink in all runs of the job, and nothing else that may write to the path
            meanwhile; empty for a job that goes on from no earlier run.
        uid: of the sink's operators, unless the job gives it one; empty for none.
        columns: takes the Java ``FileColumns`` of what is written, once that is known.

    Raises:
        SettingsError: no file is written like this, or HDFS does not accept the path.
    """
    from flinksec_jobs.record_sink import RecordSink

    check_path(path)
    form, parts, limits = layout.form(), layout.parts(), layout.limits()
    compaction, success = layout.compaction(), layout.success()
    compression, suffix = layout.chosen(), layout.suffix()
    named, uri = of_cluster(settings), settings.need(HdfsSettings).uri
    target = f"the HDFS path {path}{named}"
    digits = hashlib.sha256(owner.encode()).hexdigest()[:8] if owner else ""

    def of(row_type: Any) -> formats.Writing:
        return formats.Writing(row_type, target, compression=compression, roll_size=limits[0])

    def build(row_type: Any) -> Any:
        files = jvm.view().org.flinksec.files
        if columns is not None and form.columns is not None and row_type is not None:
            columns.append(form.columns(of(row_type)))
        sink = (
            uri + path,
            form.writer(of(row_type)),
            _partitions(files.Partitions, row_type, parts, target),
            files.Rolling(*limits),
            suffix,
            digits,
        )
        accepts = layout.missing_files == "accept"
        if compaction is None and success is None:
            plain = files.DirectorySink(*sink)
            return plain.acceptMissing() if accepts else plain
        merging = ends = None
        if compaction is not None and form.merger is not None:
            merging = files.CompletingSink.Merging(form.merger(of(row_type)), *compaction)
        if success is not None:
            ends = files.PartitionEnds(jvm.string_list(parts or []), success[1])
        made = files.CompletingSink(*sink, merging, ends, success[0] if success else "")
        return made.acceptMissing() if accepts else made

    return RecordSink(
        target,
        f"HDFS {path}{named}",
        build,
        lambda stream, row_type: form.prepare(stream, of(row_type)),
        uid=uid,
    )


def _partitions(java: Any, row_type: Any, parts: list[str] | None, target: str) -> Any:
    if parts is None:
        return java.none()
    if row_type is None:
        raise JobError(
            f"the stream that goes to {target} has strings, and partition_by is about fields",
            hint="make records of them, or leave partition_by out",
        )
    return java.of(row_type, jvm.string_list(parts), target)


def check_path(path: str, method: str = "to_hdfs") -> None:
    """Refuse what can be no directory of a job.

    Args:
        path: the directory.
        method: of the job that names it.

    Raises:
        SettingsError: it names the rule.
    """
    if not isinstance(path, str) or not path.startswith("/"):
        is_name = isinstance(path, str) and "://" not in path
        raise SettingsError(
            f"{method}({path!r}): the path is not absolute",
            hint=f"write /{path}" if is_name else "write a path alone, as /flights, of hdfs.uri",
        )
    for found, why in _NOT_IN_PATHS.items():
        if found in path:
            raise _no_path(method, path, why)
    if any(step in {".", ".."} for step in path.split("/")):
        raise _no_path(method, path, "'.' and '..' would give one directory two names")
    if path[-1] <= " ":
        raise _no_path(method, path, "Flink cuts off a blank at its end")
    if _HALF_OF_A_PAIR.search(path):
        raise _no_path(method, path, "half of a surrogate pair is not text")


def _no_path(method: str, path: str, why: str) -> SettingsError:
    return SettingsError(
        f"{method}({path!r}): {why}", hint="choose a path without it, such as /flights"
    )
