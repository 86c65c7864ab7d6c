# SPDX-License-Identifier: Apache-2.0
"""HDFS: settings to Flink's own file sink, and to the Hadoop client's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from flinksec_jobs import hadoop_conf
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from pyflink.datastream import DataStream

    from flinksec_jobs.record_sink import RecordSink
    from flinksec_jobs.settings import HdfsSettings

Format = Literal["json"]

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
    """A sink of files that become visible, whole, with the checkpoint that covers them."""
    from flinksec_jobs.record_sink import RecordSink

    if format != "json":
        raise SettingsError(
            f"format={format!r} is not one that to_hdfs writes",
            hint='It writes "json": one document a line.',
        )
    _check(path)
    target = f"the HDFS path {path}"
    return RecordSink(
        target,
        f"HDFS {path}",
        lambda _: _file_sink(settings.uri + path),
        lambda stream, row_type: _as_lines(stream, row_type, target),
    )


def _check(path: str) -> None:
    if not path.startswith("/"):
        raise SettingsError(f"to_hdfs({path!r}): the path is not absolute", hint=f"Write /{path}.")
    for found, why in _NOT_IN_PATHS.items():
        if found in path:
            raise SettingsError(
                f"to_hdfs({path!r}): {why}", hint="Choose a path without it, such as /flights."
            )


def _as_lines(stream: DataStream, row_type: Any, target: str) -> DataStream:
    from pyflink.datastream import DataStream

    json = jvm.view().org.flinksec.json
    if row_type is None:
        mapper, name = json.JsonTextMapper.of(target), "JSON lines"
    else:
        mapper, name = json.RowJsonMapper.of(row_type, target), "to JSON"
    return DataStream(stream._j_data_stream.map(mapper).name(name))


def _file_sink(uri: str) -> Any:
    from pyflink.common.serialization import Encoder
    from pyflink.datastream.connectors.file_system import (
        BucketAssigner,
        FileSink,
        OutputFileConfig,
        RollingPolicy,
    )

    names = OutputFileConfig.builder().with_part_prefix("part").with_part_suffix(".json").build()
    return (
        FileSink.for_row_format(uri, Encoder.simple_string_encoder())
        .with_bucket_assigner(BucketAssigner.base_path_bucket_assigner())
        .with_rolling_policy(RollingPolicy.on_checkpoint_rolling_policy())
        .with_output_file_config(names)
        .build()
        .get_java_function()
    )
