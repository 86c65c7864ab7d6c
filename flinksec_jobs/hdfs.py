# SPDX-License-Identifier: Apache-2.0
"""HDFS: settings to Flink's own file sink, and to the Hadoop client's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinksec_jobs import formats, hadoop_conf
from flinksec_jobs.errors import SettingsError

if TYPE_CHECKING:
    from flinksec_jobs.record_sink import RecordSink
    from flinksec_jobs.settings import HdfsSettings

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


def hadoop_options(settings: HdfsSettings) -> dict[str, str]:
    """What ``core-site.xml`` and ``hdfs-site.xml`` say for a kerberised HDFS.

    With ``conf_dir`` its files are the base, and what the settings decide wins over them, also
    where they call an option final.

    Raises:
        SettingsError: the files of ``conf_dir`` cannot be used.
    """
    given: dict[str, str] = {}
    if settings.conf_dir is not None:
        given = hadoop_conf.read(settings.conf_dir, "hdfs.conf_dir")
    return _HABITS | hadoop_conf.merged(given, hadoop_conf.decided(settings))


def sink(settings: HdfsSettings, path: str, *, format: str = "json") -> RecordSink:  # noqa: A002
    """A sink of files that become visible, whole, with the checkpoint that covers them.

    Raises:
        SettingsError: no file is written in this format, or HDFS takes no such path.
    """
    from flinksec_jobs.record_sink import RecordSink

    form = formats.for_files(format)
    _check(path)
    target = f"the HDFS path {path}"
    return RecordSink(
        target,
        f"HDFS {path}",
        lambda row_type: _file_sink(
            form.builder(settings.uri + path, formats.Writing(row_type, target)), form.suffix
        ),
        lambda stream, row_type: form.prepare(stream, formats.Writing(row_type, target)),
    )


def _check(path: str) -> None:
    if not path.startswith("/"):
        raise SettingsError(f"to_hdfs({path!r}): the path is not absolute", hint=f"Write /{path}.")
    for found, why in _NOT_IN_PATHS.items():
        if found in path:
            raise SettingsError(
                f"to_hdfs({path!r}): {why}", hint="Choose a path without it, such as /flights."
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
