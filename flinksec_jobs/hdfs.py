# SPDX-License-Identifier: Apache-2.0
"""HDFS: settings to Flink's own file sink, and to the Hadoop client's configuration.

What a job needs for it is registered by `writing` and `client`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from flinksec_jobs import choices, formats, hadoop_conf, partition_patterns, refusals
from flinksec_jobs.delivery import Delivery
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import Finding
from flinksec_jobs.formats import FileForm, Format
from flinksec_jobs.runtime import artifacts, jvm
from flinksec_jobs.sections.durations import duration
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
    r"|DECRYPT_EEK|No KeyProvider|is not allowed to impersonate|state standby"
    r"|[Ff]ailed to find any Kerberos tgt"
)
_OF_TLS = re.compile(r"certification path|No subject alternative")
_LONGEST_TIME = timedelta(days=3653) // timedelta(milliseconds=1)

_NOT_IN_PATHS = {
    ":": "HDFS takes no colon in a path",
    "\\": "Hadoop's client would take the backslash for a slash",
    "\0": "a path has no NUL",
}


def client(settings: Settings) -> Use:
    """Return what a job needs that has files on HDFS, whatever they are."""
    return Use(
        f"HDFS{_of_cluster(settings)}",
        files=lambda: check_files(settings, sections={"hdfs", "kerberos"}),
        login=settings.kerberos,
        explain=partial(_while_it_runs, settings.need(HdfsSettings)),
    )


def writing(settings: Settings, path: str, layout: Layout) -> Use:
    """Return what a job needs that writes files to a directory."""
    jar_sets = layout.jars()
    return replace(
        client(settings),
        name=f"writes HDFS path {path}{_of_cluster(settings)}",
        jars=lambda: [jar for name in jar_sets for jar in artifacts.jars(name)],
        questions=(question(settings, path),),
        delivery=Delivery(f"the HDFS path {path}{_of_cluster(settings)}", by_checkpoint=True),
    )


def _of_cluster(settings: Settings) -> str:
    """Return what follows the name of a path that is not of ``[hdfs]``: `` of archive``."""
    name = settings.spelling.setting("hdfs").partition(".")[2]
    return f" of {name}" if name else ""


def question(settings: Settings, *paths: str) -> Question:
    """Return the question whether HDFS lets the job look up directories."""
    named = _of_cluster(settings)

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


def _while_it_runs(settings: HdfsSettings, error: JobError) -> JobError | None:
    """Return why a job failed in terms of settings, if HDFS or its KMS refused it."""
    refused = jvm.data_refused() if jvm.is_there() else ""
    of_kms = settings.kms_urls and _OF_TLS.search(error.message)
    if not refused and not of_kms and not _OF_HDFS.search(error.message):
        return None
    return refusals.explained(
        JobError(refused) if refused else error,
        "HDFS fails the running job:",
        refusals.HDFS,
        otherwise="hdfs.uri",
    )


def ask(settings: HdfsSettings, paths: Sequence[str]) -> Iterable[Finding]:
    """Look up, as the job's principal, the directories that the job writes to.

    Raises:
        JobError: the NameNode cannot be reached or refuses us.
    """
    flink = jvm.view().org.apache.flink.core.fs
    for path in paths:
        location = flink.Path(settings.uri + path)
        try:
            with jvm.translated(path):
                location.getFileSystem().exists(location)
        except JobError as error:
            raise refusals.explained(
                error,
                f"HDFS at {settings.uri} cannot be used.",
                refusals.HDFS,
                otherwise=f"to_hdfs({path!r}), or hdfs.uri",
            ) from error
    return ()


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
        given = hadoop_conf.read(own.conf_dir, "hdfs.conf_dir")
        if mounts := hadoop_conf.elsewhere(given):
            raise SettingsError(
                f"hdfs.conf_dir {own.conf_dir} mounts by {mounts[0]} what is not on HDFS",
                hint="mount directories of hdfs:// alone: elsewhere nothing would protect them",
            )
    more = settings.hdfs_clusters.values()
    return _HABITS | hadoop_conf.merged(given, hadoop_conf.decided(own, more))


@dataclass(frozen=True)
class Layout:
    """What files a job writes below a directory.

    Attributes:
        format: of the files, by its name or with options.
        compression: of the files; None for the format's default.
        partition_by: the pattern of directories below it; None for none.
        roll_size: after how many bytes a file ends before the next checkpoint.
        roll_after: how long after it was begun.
        roll_inactive: how long after the last record.
    """

    format: str | Format = "json"
    compression: str | None = None
    partition_by: str | None = None
    roll_size: int | None = None
    roll_after: str | timedelta | None = None
    roll_inactive: str | timedelta | None = None

    def form(self) -> FileForm:
        """Return the format as files.

        Raises:
            SettingsError: no file is written in it.
        """
        return formats.for_files(self.format).files()

    def chosen(self) -> str:
        """Return the name of the compression.

        Raises:
            SettingsError: the format has no such compression.
        """
        able = tuple(self.form().compressions)
        if self.compression is None:
            return able[0]
        choices.require("compression", self.compression, able)
        return self.compression

    def suffix(self) -> str:
        """Return what the names of the files end with."""
        return self.form().suffix + self.form().compressions[self.chosen()].suffix

    def jars(self) -> tuple[str, ...]:
        """Return the sets of third-party jars that the files need."""
        of_format = formats.for_files(self.format).jars
        return (*of_format, *self.form().compressions[self.chosen()].jars)

    def parts(self) -> list[str] | None:
        """Return the parts of ``partition_by``; None for none.

        Raises:
            SettingsError: it makes no names of directories.
        """
        return None if self.partition_by is None else partition_patterns.parsed(self.partition_by)

    def limits(self) -> tuple[int, int, int]:
        """Return after how many bytes, and milliseconds, a file ends; 0 for no limit.

        Raises:
            SettingsError: one of them is none.
        """
        size = self.roll_size
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
            raise SettingsError(
                f"roll_size={size!r} is no number of bytes",
                hint="give a whole number of bytes, such as roll_size=128 << 20",
            )
        times = (("roll_after", self.roll_after), ("roll_inactive", self.roll_inactive))
        after, inactive = (_milliseconds(name, value) for name, value in times)
        return size or 0, after, inactive


def _milliseconds(argument: str, value: str | timedelta | None) -> int:
    if value is None:
        return 0
    try:
        found = duration(value)
    except SettingsError as error:
        raise SettingsError(f"{argument}={value!r} is not a duration", hint=error.hint) from error
    milliseconds = found // timedelta(milliseconds=1)
    if not 0 < milliseconds <= _LONGEST_TIME:
        raise SettingsError(
            f"{argument}={value!r} is no time after which a file can end",
            hint="give one from a millisecond to ten years, or leave it out",
        )
    return milliseconds


def sink(settings: Settings, path: str, layout: Layout, *, owner: str = "") -> RecordSink:
    """Return a sink of files that become visible, whole, with the checkpoint that covers them.

    Args:
        settings: of the job, as `Settings.on_hdfs` gives them.
        path: the directory.
        layout: what files there are.
        owner: names the sink in all runs of the job, and nothing else that may write to the path
            meanwhile; empty for a job that goes on from no earlier run.

    Raises:
        SettingsError: no file is written like this, or HDFS does not accept the path.
    """
    from flinksec_jobs.record_sink import RecordSink

    check_path(path)
    form, parts, limits = layout.form(), layout.parts(), layout.limits()
    compression, suffix = layout.chosen(), layout.suffix()
    of_cluster, uri = _of_cluster(settings), settings.need(HdfsSettings).uri
    target = f"the HDFS path {path}{of_cluster}"
    digits = hashlib.sha256(owner.encode()).hexdigest()[:8] if owner else ""

    def of(row_type: Any) -> formats.Writing:
        return formats.Writing(row_type, target, compression=compression, roll_size=limits[0])

    def build(row_type: Any) -> Any:
        files = jvm.view().org.flinksec.files
        return files.DirectorySink(
            uri + path,
            form.writer(of(row_type)),
            _partitions(files.Partitions, row_type, parts, target),
            files.Rolling(*limits),
            suffix,
            digits,
        )

    return RecordSink(
        target,
        f"HDFS {path}{of_cluster}",
        build,
        lambda stream, row_type: form.prepare(stream, of(row_type)),
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
    if not path.startswith("/"):
        raise SettingsError(f"{method}({path!r}): the path is not absolute", hint=f"write /{path}")
    for found, why in _NOT_IN_PATHS.items():
        if found in path:
            raise SettingsError(
                f"{method}({path!r}): {why}", hint="choose a path without it, such as /flights"
            )
