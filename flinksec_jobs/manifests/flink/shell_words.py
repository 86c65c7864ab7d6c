# SPDX-License-Identifier: Apache-2.0
"""The commands that a container runs: its words, with what a shell would make of a script."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

Reader = Callable[[str], "str | None"]
"""Returns the text of a script at a path of the container, or nothing."""

SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"})
# They give what follows -c to a shell.
_WITH_SHELL = frozenset({"su", "runuser"})
# They run what follows them; the number is how many words of their own come first.
_WRAPPERS = {
    "exec": 0, "nohup": 0, "sudo": 0, "time": 0, "tini": 0, "dumb-init": 0, "env": 0, "command": 0,
    "gosu": 1, "su-exec": 1, "timeout": 1, "setpriv": 0, "nice": 0, "drop_privs_cmd": 0,
    "catchsegv": 0, "if": 0, "then": 0, "else": 0, "do": 0, "while": 0, "until": 0, "!": 0, "{": 0,
}  # fmt: skip
# Their options that take the next word.
_TAKING = {
    "sudo": ("-u", "-g"), "nice": ("-n",), "exec": ("-a",), "env": ("-u", "-C"),
    "timeout": ("-s", "-k"),
}  # fmt: skip
_SEPARATORS = frozenset(";&|()\n")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.S)
_VARIABLE = re.compile(r"\$(?:\((\w+)\)|\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_ARGUMENTS = re.compile(r"\"\$(?:@|\{@\})\"|\$[@*]")
_DEEPEST = 3


def commands(
    words: Sequence[str], environment: Mapping[str, str], read: Reader, depth: int = 0
) -> Iterator[list[str]]:
    """Yield each command with its arguments; a script's commands follow in its order.

    Assignments before a command stay in front of it (``A=b program``). What cannot be known here
    (loops, substitutions of commands) stays as it is written.

    Args:
        words: program and arguments, or arguments only.
        environment: variables whose values are known.
        read: finds scripts in the volumes of the container.
        depth: how many scripts are around it.
    """
    plain = unwrapped(words)
    if not plain or depth > _DEEPEST:
        return
    program, rest = PurePosixPath(plain[0]).name, plain[1:]
    if program == "busybox" and rest and rest[0] in SHELLS:
        program, rest = rest[0], rest[1:]
    script, arguments = None, list(rest)
    if program in SHELLS:
        flags = [index for index, word in enumerate(rest) if re.fullmatch(r"-[a-z]*c[a-z]*", word)]
        if flags and len(rest) > flags[0] + 1:
            script, arguments = rest[flags[0] + 1], rest[flags[0] + 3 :]
        else:
            path = next((index for index, word in enumerate(rest) if word[:1] not in "-+"), None)
            if path is not None and (found := read(rest[path])) is not None:
                script, arguments = found, rest[path + 1 :]
    elif program in _WITH_SHELL and (line := _line_of(rest)) is not None:
        script, arguments = line, []
    elif program == "eval":
        script, arguments = " ".join(rest), []
    elif (found := read(plain[0])) is not None:
        script = found
    if script is None:
        yield list(words)
        if "entrypoint" in program and rest and PurePosixPath(rest[0]).name in SHELLS:
            yield from commands(rest, environment, read, depth + 1)  # it runs what it is given
        return
    given = " ".join(map(shlex.quote, arguments))
    script = _ARGUMENTS.sub(lambda _: given, script)
    for command in _split(expanded(script, environment)):
        yield from commands(command, environment, read, depth + 1)


def _line_of(arguments: Sequence[str]) -> str | None:
    """Return what follows ``-c``."""
    for index, word in enumerate(arguments):
        if word in {"-c", "--command"} and len(arguments) > index + 1:
            return arguments[index + 1]
        if word.startswith("--command="):
            return word.partition("=")[2]
    return None


def unwrapped(words: Sequence[str]) -> list[str]:
    """Return a command without assignments, and without programs that only run another one."""
    left = list(words)
    while left:
        own = _WRAPPERS.get(PurePosixPath(left[0]).name)
        if _ASSIGNMENT.fullmatch(left[0]):
            left = left[1:]
        elif own is None:
            break
        else:
            taking = _TAKING.get(PurePosixPath(left[0]).name, ())
            left = left[1:]
            while left and left[0].startswith("-"):
                left = left[2 if left[0] in taking else 1 :]
            left = left[own:]
    return left


def assignments(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the variables that a command sets: ``A=b program``, ``export A=b``."""
    for word in words:
        if _ASSIGNMENT.fullmatch(word):
            name, _, value = word.partition("=")
            yield name, value
        elif word not in {"export", "declare", "env", "-x"}:
            return


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """Put the values of known variables into a text: ``$(A)``, ``${A}``, ``${A:-b}``, ``$A``."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[4]
        return environment.get(name, match[3] if match[3] is not None else match[0])

    return _VARIABLE.sub(value, text)


def _split(script: str) -> Iterator[list[str]]:
    joined = script.replace("\\\n", " ")
    lexer = shlex.shlex(joined, posix=True, punctuation_chars=";&|()\n<>")
    lexer.whitespace = " \t\r"
    lexer.commenters = ""
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:  # quotes that do not end
        tokens = re.findall(r"\n|[;&|()]|[^\s;&|()]+", joined)
    command: list[str] = []
    comment = False
    for token in tokens:
        if set(token) <= _SEPARATORS:
            comment = comment and "\n" not in token
            if command:
                yield command
            command = []
        elif token.startswith("#"):
            comment = True
        elif not comment:
            command.append(token)
    if command:
        yield command
