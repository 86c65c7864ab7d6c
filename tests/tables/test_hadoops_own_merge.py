# SPDX-License-Identifier: Apache-2.0
"""Hadoop's own reading of its files against ours, and what it makes of the merged ones."""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from pathlib import Path

from flinksec_jobs import hadoop_conf, hadoop_files, hdfs
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.settings import HdfsSettings, load_settings
from tests.tables.conftest import FLINK, tool
from tests.unit.settings.test_hadoop_conf import HOSTILE

SOURCE = Path(__file__).with_name("HadoopConf.java")
ODD = """<configuration>
  <property><name>twice</name><value>one</value></property>
  <property><name>twice</name><value>two</value></property>
  <property><name>last</name><value>core</value><final>true</final></property>
  <property><name>last</name><value>core again</value></property>
  <property name="attribute" value="a &amp; b"/>
  <property><name> blank </name><value>x<!-- y -->z</value></property>
  <property><name>empty</name><value></value></property>
  <property><name>none</name></property>
  <property><name>closed</name><final>true</final></property>
  <property><name>closed</name><value>too late</value></property>
  <property><value>nameless</value></property>
  <property><name>cdata</name><value><![CDATA[<x>]]></value></property>
</configuration>"""


def test_what_hadoop_reads_is_what_we_read_and_the_settings_win(tmp_path: Path) -> None:
    plain, hostile, ours = (tmp_path / name for name in ("plain", "hostile", "ours"))
    for directory, text in ((plain, ODD), (hostile, HOSTILE), (ours, "")):
        directory.mkdir()
        for name in hadoop_files.FILES:
            (directory / name).write_text(text.replace("core", name))
    settings = load_settings(
        overrides={
            "kerberos": {"principal": "a@R", "keytab": "file:/k"},
            "hdfs": {"uri": "hdfs://nn:8020", "conf_dir": hostile},
        },
        environ={},
    )
    merged = hdfs.hadoop_options(settings)
    for name in hadoop_files.FILES:
        (ours / name).write_text(hadoop_files.as_xml(merged))
    logging = [*FLINK.glob("lib/log4j-*.jar"), *FLINK.glob("lib/flink-dist-*.jar")]
    path = os.pathsep.join(map(str, [*artifacts.jars("hadoop-client"), *logging]))
    done = subprocess.run(
        [tool("java"), "-cp", path, str(SOURCE), *map(str, (plain, ours))],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    read: dict[str, dict[str, str]] = defaultdict(dict)
    for line in done.stdout.splitlines():
        directory_name, name, value = line.split("\t")
        read[directory_name][name] = value
    assert read[str(plain)] == hadoop_files.read(plain, "hdfs.conf_dir")
    assert read[str(ours)] == merged
    assert merged.items() >= hadoop_conf.decided(settings.need(HdfsSettings)).items()
