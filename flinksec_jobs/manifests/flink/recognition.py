# SPDX-License-Identifier: Apache-2.0
"""Which program of Flink a container runs, in which version, and where it reads its file.

Asked are, in this order: the operator's resource, the commands (also in scripts), then image,
variables, ports and names. A word in a script counts only as the program of a command.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from flinksec_jobs.cluster.entrypoint import Mounts
from flinksec_jobs.manifests.flink import given_options, operator_resources, programs
from flinksec_jobs.manifests.flink.mounted import file_at
from flinksec_jobs.manifests.flink.programs import Program
from flinksec_jobs.manifests.flink.shell_words import SHELLS, commands, unwrapped
from flinksec_jobs.manifests.flink.versions import Version, version_of_image, version_of_word
from flinksec_jobs.manifests.kube.objects import Container, Manifests, text, words


def program_of(
    manifests: Manifests, container: Container
) -> tuple[Program | None, list[list[str]]]:
    """Return which program of Flink a container runs, if any, and its commands."""
    environment = {
        name: one.value
        for name, one in given_options.variables(manifests, container).items()
        if one.value is not None
    }
    if operator_resources.is_deployment(container.pod.owner):
        if container.name != operator_resources.MAIN_CONTAINER:
            return None, []
        if operator_resources.role_of(container.pod) == "taskmanager":
            return "taskmanager", []
        return ("application" if container.pod.owner.spec.get("job") else "session"), []

    def read(path: str) -> str | None:
        return file_at(manifests, container, path).content or None if path[:1] == "/" else None

    given = [re.sub(r"\$\((\w+)\)", lambda m: environment.get(m[1], m[0]), word)
             for word in container.words]  # fmt: skip
    lines = list(commands(given, environment, read))
    for line in lines:
        entry = not container.content.get("command")
        if program := programs.started(line, entry) or _wrapped(line):
            return program, lines
    if is_known_tool(lines):
        return None, lines
    return programs.by_surroundings(container, environment), lines


def _wrapped(line: Sequence[str]) -> Program | None:
    """Return which of Flink's scripts a program runs that is given it: ``setsid jobmanager.sh``."""
    plain = unwrapped(line)
    if not plain or PurePosixPath(plain[0]).name in _MENTIONING:
        return None
    return programs.script_among(plain)


def is_known_tool(lines: Sequence[Sequence[str]]) -> bool:
    """Whether commands are those of a shell and of Flink's clients, and no program of its own."""
    plain = [words for line in lines if (words := unwrapped(line))]
    return bool(plain) and all(_is_tool(PurePosixPath(name).name, rest) for name, *rest in plain)


def _is_tool(name: str, arguments: Sequence[str]) -> bool:
    # A script that is left to a shell could not be read.
    runs_script = name in SHELLS and any(word[:1] not in "-+" for word in arguments)
    return name in _TOOLS and not runs_script


_TOOLS = words(
    """awk bash cat cd chmod chown cp curl cut date dig done echo envsubst esac exit export false fi
    flink for getent grep head help hostname jq kubectl ln ls mkdir mv nc ncat nslookup ping printf
    ps pwd read return rm sed seq set sh shift sleep sql-client.sh tail tar tee telnet test touch
    tr trap true uname unset wait wc wget which yarn-session.sh [ [[ } : ."""
)
# They are given the names of programs, and run none.
_MENTIONING = (_TOOLS - SHELLS) | words("kill killall pgrep pkill")


def conf_directory(
    manifests: Manifests, container: Container, lines: list[list[str]], ours: bool
) -> str:
    """Return the directory where a container's Flink reads its configuration."""
    if ours:
        return str(Mounts().config.parent)
    for line in lines:
        for flag, value in itertools.pairwise(line):
            if flag in {"--configDir", "-c"} and value.startswith("/"):
                return value
    known = given_options.variables(manifests, container)
    if (named := known.get("FLINK_CONF_DIR")) and named.value:
        return named.value
    if (home := known.get("FLINK_HOME")) and home.value:
        return f"{home.value.rstrip('/')}/conf"
    return "/opt/bitnami/flink/conf" if programs.is_bitnami(container) else "/opt/flink/conf"


def version_of(container: Container, ours: bool) -> Version | None:
    """Return the version of Flink in a container, if it is known."""
    if ours:
        return (2, 2)
    owner = container.pod.owner
    if operator_resources.is_deployment(owner):
        return version_of_word(text(owner.spec.get("flinkVersion")))
    return version_of_image(text(container.content.get("image")))
