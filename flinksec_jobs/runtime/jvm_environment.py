# SPDX-License-Identifier: Apache-2.0
"""What the JVM of a local run takes from the environment of the user: little that is Flink's.

A variable that Flink, Hadoop or Java reads would change how the job logs in, what is sealed or
where it listens, and none of it would be in the settings. So these do not reach the JVM; all others
do, as the job's own functions may need them.
"""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path

# What these families of variables configure comes from the settings, or from PyFlink as it is
# installed.
_FOREIGN = ("FLINK_", "HADOOP_", "HBASE_", "YARN_", "LOG4J_", "LOGBACK_", "PYFLINK_", "_PYFLINK_")
_FOREIGN_NAMES = {"CLASSPATH", "SUBMIT_ARGS", "JVM_ARGS", "JAVA_HOME"}
_JAVA_OPTIONS = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}
# Who the user is where HDFS asks for no ticket.
_KEPT = {"HADOOP_USER_NAME"}
# What users set on purpose, and what takes its place.
_INSTEAD = {
    "FLINK_CONF_DIR": "[flink] in the settings",
    "FLINK_ENV_JAVA_OPTS": "JVM_ARGS",
    "HADOOP_CONF_DIR": "hdfs.conf_dir in the settings",
} | dict.fromkeys(_JAVA_OPTIONS, "JVM_ARGS")
_UTF8 = "C.UTF-8"


def is_foreign(name: str) -> bool:
    """Whether a variable is kept from the JVM."""
    if name in _KEPT:
        return False
    return name.startswith(_FOREIGN) or name in _FOREIGN_NAMES | _JAVA_OPTIONS


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the JVM, with the encoding in which it reads names of files."""
    kept = {name: value for name, value in environment.items() if not is_foreign(name)}
    if sys.getfilesystemencoding() == "utf-8":
        # In the locale of C, Java would find no file whose name has an umlaut.
        kept["LC_ALL"] = _UTF8
    return kept


def left_out(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a user may have set and the JVM does not get, with what to use instead."""
    return {name: instead for name, instead in _INSTEAD.items() if environment.get(name)}


def options(directory: Path) -> list[str]:
    """Options for a JVM whose temporary files are private, and go away with a directory."""
    found = [f"-Djava.io.tmpdir={directory}"]
    if sys.getfilesystemencoding() == "utf-8":
        found += ["-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8"]
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        # Java would call the user, and its home, "?".
        home = os.environ.get("HOME") or str(directory)
        found += [f"-Duser.name={os.getuid()}", f"-Duser.home={home}"]
    return found
