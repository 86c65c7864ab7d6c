# SPDX-License-Identifier: Apache-2.0
"""Every file that the command line takes may be anything: each kind is refused, none hangs.

The commands and their parameters are found in click's own tree, so a new one is tried too.
"""

import os
import signal
import socket
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click
import pytest
from _pytest.mark import ParameterSet
from click.testing import CliRunner, Result

from flinksec_jobs.cli import main

pytestmark = pytest.mark.slow

_SECONDS = 30
_ERROR_LINES = 5  # An error and a hint; click writes usage, a blank line and a hint before.

# What a parameter that is not the one under attack gets, by its name.
_OTHERS = {"topic": "t", "index": "i", "key": "k2", "name": "n", "job": "job.py"}
# What is written to; there a file that is missing is right.
_WRITTEN = {"manifest", "output", "sbom", "run", "target"}
# Names that commands look for in a directory.
_KNOWN_NAMES = (
    *("keystore.p12", "truststore.p12", "password", "tls.crt", "tls.key", "ca.crt", "a.pem"),
    *("primary", "k1", "chk-1", "_metadata", "core-site.xml", "hdfs-site.xml"),
    *("settings.toml", "sandbox", "sandbox.json", "kustomization.yaml"),
)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a command that takes the name of a file or a directory."""

    command: str
    name: str
    option: str | None
    has_json: bool

    def __str__(self) -> str:
        return f"{self.command} {self.option or self.name.upper()}"


def _commands(
    command: click.Command, path: tuple[str, ...], context: click.Context
) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from _commands(found, (*path, name), context)


COMMANDS = dict(_commands(main, (), click.Context(main)))
PARAMETERS = [
    Parameter(
        name,
        str(parameter.name),
        None if isinstance(parameter, click.Argument) else parameter.opts[-1],
        any("--json" in other.opts for other in command.params),
    )
    for name, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter.type, click.Path | click.File)
]


def _pipe(place: Path) -> Path:
    os.mkfifo(place / "pipe")
    return place / "pipe"


def _socket(place: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as listener:
        # The name of a socket is short.
        os.chdir(place)
        listener.bind("socket")
    return place / "socket"


def _device(place: Path) -> Path:
    (place / "device").symlink_to("/dev/zero")
    return place / "device"


def _loop(place: Path) -> Path:
    (place / "loop").symlink_to("loop")
    return place / "loop"


def _endless(place: Path) -> Path:
    with (place / "endless").open("wb") as file:
        file.truncate(1 << 40)
    return place / "endless"


def _pipes(place: Path) -> Path:
    (place / "pipes").mkdir()
    for name in _KNOWN_NAMES:
        os.mkfifo(place / "pipes" / name)
    return place / "pipes"


def _odd_name(place: Path) -> Path:
    return place / "no\x1b[2J\r\nerror: forged \u202e\udcff"


def _with(content: bytes) -> Callable[[Path], Path]:
    def made(place: Path) -> Path:
        path = place / "content"
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    return made


IRREGULAR: dict[str, Callable[[Path], Path]] = {
    "a pipe": _pipe,
    "a socket": _socket,
    "a device without end": _device,
    "a loop of links": _loop,
    "a directory of pipes": _pipes,
}
UNREADABLE: dict[str, Callable[[Path], Path]] = {
    "no file, and an odd name": _odd_name,
    "a file of 1 TiB": _endless,
    "an empty file": _with(b""),
    "a binary": _with(b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 9),
    "UTF-16": _with("kind: Pod".encode("utf-16")),
    "no UTF-8": _with(b"kind = '\xff\xfe\xfd'"),
    "null characters": _with(b"\0" * 5000),
    "deep nesting": _with(b"a: " + b"[" * 50_000),
    "deep nesting of TOML": _with(b"a = " + b"[" * 50_000),
    "a number of 5,000 digits": _with(b"a = " + b"9" * 5000),
    "PEM of nothing": _with(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    "PEM of a key of nothing": _with(
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    ),
    "the beginning of PKCS#12": _with(b"0\x82\x09\x00\x02\x01\x03"),
}


_NOT_SEALED = UNREADABLE.keys() - {"no file, and an odd name"}
# What is right: a directory is made, servers are started in it; nothing is set, or is to do.
_ACCEPTED = {
    ("certs metrics", "directory"): {"no file, and an odd name"},
    ("image fetch", "directory"): {"a directory of pipes", "no file, and an odd name"},
    ("sandbox up", "directory"): {"a directory of pipes", "no file, and an odd name"},
    ("sandbox down", "directory"): {"a directory of pipes", "no file, and an odd name"},
    ("cluster conf", "settings"): {"an empty file"},
    ("settings show", "file"): {"an empty file"},
    ("settings check", "file"): {"an empty file"},
    ("run", "settings"): {"an empty file"},
    ("run", "job"): {"an empty file"},
    # They say of each file what it is.
    ("state info", "paths"): _NOT_SEALED,
    ("state ls", "paths"): _NOT_SEALED,
}


def _cases(kinds: Collection[str]) -> list[ParameterSet]:
    return [
        pytest.param(parameter, kind, id=f"{parameter}: {kind}")
        for parameter in PARAMETERS
        for kind in kinds
        if kind not in _ACCEPTED.get((parameter.command, parameter.name), ())
        and (kinds is IRREGULAR or parameter.name not in _WRITTEN)
    ]


@pytest.fixture
def no_hanging() -> Iterator[None]:
    """Fail a test that waits for a file."""

    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a job, without tools, jars and servers."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "job.py").write_text("import flinksec_jobs\nflinksec_jobs.load_settings()\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "docker").write_text("#!/bin/sh\n")
    (tools / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("FLINKSEC_JARS_DIR", str(tools))
    monkeypatch.setattr(sys, "argv", ["flinksec"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in [name for name in os.environ if name.startswith("FLINKSEC_SETTINGS")]:
        monkeypatch.delenv(name)
    return work


def call(parameter: Parameter, bad: Path, *, as_json: bool) -> Result:
    words = parameter.command.split()
    for other in COMMANDS[parameter.command].params:
        is_bad = other.name == parameter.name
        if isinstance(other, click.Argument):
            if is_bad:
                words.append(os.fspath(bad))
            elif other.required:
                words.append(_OTHERS.get(str(other.name), "absent"))
        elif is_bad:
            words += [str(parameter.option), os.fspath(bad)]
    if as_json:
        words.append("--json")
    return CliRunner().invoke(main, words)


def check(result: Result) -> None:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code in {1, 2, 3}, result.output
    assert "Traceback" not in result.output
    lines = result.stderr.splitlines()
    assert len(lines) <= _ERROR_LINES, result.stderr
    assert all(line.isprintable() for line in result.output.split("\n")), result.output
    assert not any(line.startswith("error: forged") for line in result.output.split("\n"))


@pytest.mark.usefixtures("no_hanging")
@pytest.mark.parametrize(("parameter", "kind"), _cases(IRREGULAR))
def test_what_is_no_regular_file_is_refused_by_every_command(
    place: Path, parameter: Parameter, kind: str
) -> None:
    bad = IRREGULAR[kind](place)
    check(call(parameter, bad, as_json=False))
    if parameter.has_json:
        check(call(parameter, bad, as_json=True))


@pytest.mark.usefixtures("no_hanging")
@pytest.mark.parametrize(("parameter", "kind"), _cases(UNREADABLE))
def test_a_file_that_holds_nothing_of_use_is_refused_by_every_command(
    place: Path, parameter: Parameter, kind: str
) -> None:
    bad = UNREADABLE[kind](place)
    check(call(parameter, bad, as_json=False))
    if parameter.has_json:
        check(call(parameter, bad, as_json=True))


@pytest.mark.parametrize("arguments", [("manifests", "check"), ("manifests", "check", "-")])
def test_a_process_without_standard_input_says_so(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert ended.value.code == 3
    assert "problem: standard input cannot be read: is closed [manifest-unread]" in (
        capsys.readouterr().out
    )
