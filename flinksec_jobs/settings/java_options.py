# SPDX-License-Identifier: Apache-2.0
"""Arguments of a Java virtual machine that open it, or write what it holds to a disk."""

import re
import shlex
from collections.abc import Collection, Iterator

from flinksec_jobs.settings.secret_names import holds_secret

VARIABLES = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
"""The environment variables from which Java takes further arguments."""

_PROBLEMS = tuple(
    (re.compile(pattern, re.IGNORECASE), why)
    for pattern, why in (
        (
            r"-(agentlib:|agentpath:.*|Xrun)jdwp.*|-Xdebug",
            "opens a debugger's port, which runs any code",
        ),
        (
            r"-Dcom\.sun\.management\.(jmxremote|config).*|-XX:\+ManagementServer",
            "opens a port of management",
        ),
        (r"-Djava\.rmi\.server\.codebase.*", "loads code from elsewhere"),
        (
            r"-XX:(\+HeapDump\w*|HeapDumpPath=.*)",
            "writes the heap, with its keys and records, to a disk",
        ),
        (r"-XX:On(OutOfMemory)?Error=.*", "runs a program when Flink fails"),
        (r"-XX:(Flags|VMOptionsFile)=.*|@.*", "takes further arguments from a file"),
        (
            r"-XX:(StartFlightRecording|FlightRecorderOptions)\b.*",
            "writes the environment and what the process does to a disk",
        ),
        (
            r"-Djavax\.net\.(ssl|debug)\b.*|-Djdk\.(tls|security)\..*|-Dcom\.sun\.net\.ssl\..*"
            r"|-Dhttps\.(protocols|cipherSuites)\b.*"
            r"|-Djdk\.(internal\.)?httpclient\..*|-Djava\.security\.debug.*",
            "changes or prints what TLS trusts and sends",
        ),
        (
            r"-Dkubernetes\..*",
            "changes which API server the JobManager believes, and how it is checked",
        ),
        (
            r"-D(java\.security\.(properties|auth\.login\.config|krb5\..*)|sun\.security\..*"
            r"|javax\.security\.auth\..*)=.*",
            "changes how Java logs in or checks who others are",
        ),
        (r"-Djava\.io\.tmpdir=.*", "moves temporary files past cluster.temp_dir"),
    )
)


def problems(arguments: str, *, own: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield (argument without its value, what it does) for arguments that must not be given.

    Args:
        arguments: as Flink takes them, quoted for a shell.
        own: arguments that this library gives itself, which may be among them.
    """
    for argument in _split(arguments):
        if argument in own:
            continue
        name = argument.partition("=")[0]
        for pattern, why in _PROBLEMS:
            if pattern.fullmatch(argument):
                yield name if argument[0] != "@" else "@", why
                break
        else:
            if argument.startswith("-D") and holds_secret(name):
                yield name, "hands a secret to a command line, which every process may read"


def _split(arguments: str) -> list[str]:
    try:
        return shlex.split(arguments)
    except ValueError:
        return arguments.split()
