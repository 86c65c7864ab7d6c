# SPDX-License-Identifier: Apache-2.0
"""HDFS: settings to Flink's own file sink, and to the Hadoop client's configuration.

What a job needs for it is registered by `writing` and `client`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flinksec_jobs import formats, hadoop_conf, refusals
from flinksec_jobs.delivery import Delivery
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import Finding
from flinksec_jobs.formats import Format
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

_NOT_IN_PATHS = {
    ":": "HDFS takes no colon in a path",
    "\\": "Hadoop's client would take the backslash for a slash",
    "\0": "a path has no NUL",
}


def client(settings: Settings) -> Use:
    """Return what a job needs that has files on HDFS, whatever they are."""
    return Use(
        "HDFS",
        files=lambda: check_files(settings, sections={"hdfs", "kerberos"}),
        login=settings.kerberos,
    )


def writing(settings: Settings, path: str, format: str | Format) -> Use:  # noqa: A002
    """Return what a job needs that writes files to a directory."""
    jar_sets = formats.for_files(format).jars
    return replace(
        client(settings),
        name=f"writes HDFS path {path}",
        jars=lambda: [jar for name in jar_sets for jar in artifacts.jars(name)],
        questions=(question(settings, path),),
        delivery=Delivery(f"the HDFS path {path}", by_checkpoint=True),
    )


def question(settings: Settings, *paths: str) -> Question:
    """Return the question whether HDFS lets the job look up directories."""
    return Question(
        id="hdfs-paths",
        label="HDFS lets the job in, and look up its directories",
        setting="hdfs.uri",
        ask=partial(ask, settings.need(HdfsSettings)),
        about=paths,
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


def hadoop_options(settings: HdfsSettings) -> dict[str, str]:
    """Return what ``core-site.xml`` and ``hdfs-site.xml`` say for a kerberised HDFS.

    With ``conf_dir`` its files are the base, and what the settings decide wins over them, also
    where they call an option final.

    Raises:
        SettingsError: the files of ``conf_dir`` cannot be used.
    """
    given: dict[str, str] = {}
    if settings.conf_dir is not None:
        given = hadoop_conf.read(settings.conf_dir, "hdfs.conf_dir")
    return _HABITS | hadoop_conf.merged(given, hadoop_conf.decided(settings))


def sink(
    settings: HdfsSettings,
    path: str,
    *,
    format: str | Format = "json",  # noqa: A002
) -> RecordSink:
    """Return a sink of files that become visible, whole, with the checkpoint that covers them.

    Raises:
        SettingsError: no file is written in this format, or HDFS does not accept the path.
    """
    from flinksec_jobs.record_sink import RecordSink

    form = formats.for_files(format).files()
    check_path(path)
    target = f"the HDFS path {path}"
    return RecordSink(
        target,
        f"HDFS {path}",
        lambda row_type: _file_sink(
            form.builder(settings.uri + path, formats.Writing(row_type, target)), form.suffix
        ),
        lambda stream, row_type: form.prepare(stream, formats.Writing(row_type, target)),
    )


def check_path(path: str) -> None:
    """Refuse what can be no directory of a job.

    Raises:
        SettingsError: it names the rule.
    """
    if not path.startswith("/"):
        raise SettingsError(f"to_hdfs({path!r}): the path is not absolute", hint=f"write /{path}")
    for found, why in _NOT_IN_PATHS.items():
        if found in path:
            raise SettingsError(
                f"to_hdfs({path!r}): {why}", hint="choose a path without it, such as /flights"
            )


def _file_sink(builder: Any, suffix: str) -> Any:
    """End a file with each checkpoint, which is when it becomes visible."""
    from pyflink.datastream.connectors.file_system import (
        BucketAssigner,
        OutputFileConfig,
        RollingPolicy,
    )

    names = OutputFileConfig.builder().with_part_prefix("part").with_part_suffix(suffix).build()
    return (
        builder.with_bucket_assigner(BucketAssigner.base_path_bucket_assigner())
        .with_rolling_policy(RollingPolicy.on_checkpoint_rolling_policy())
        .with_output_file_config(names)
        .build()
        .get_java_function()
    )
