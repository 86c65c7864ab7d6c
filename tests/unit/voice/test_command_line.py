# SPDX-License-Identifier: Apache-2.0
"""The command line speaks with one voice: CONTRIBUTING.md says which."""

import ast
import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from flinksec_jobs.cli import _COMMANDS, main
from flinksec_jobs.cli.exit_codes import ExitCode
from tests.pages import ROOT, text

CLI = sorted((ROOT / "flinksec_jobs" / "cli").glob("*.py"))


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, (*path, name))


COMMANDS = dict(walk(main, ("flinksec",)))
GROUPS = [name for name, command in COMMANDS.items() if isinstance(command, click.Group)]
# What the first word of a command's help may be: a verb in the imperative.
VERBS = re.compile(
    r"(Add|Ask|Become|Build|Check|Compare|Configure|Delete|End|Fetch|Give|Go|Inspect|List|Look|Make"
    r"|Open|Print|Put|Read|Render|Replace|Run|Seal|Send|Show|Start|Stop|Take|Verify|Wait|Wrap|Write)\b"
)


@pytest.mark.parametrize("group", GROUPS)
def test_no_line_of_a_list_of_commands_is_cut_off(group: str) -> None:
    words = group.split()[1:]
    told = CliRunner().invoke(main, [*words, "--help"], terminal_width=80).output
    assert "..." not in told.partition("\nCommands:")[2]


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"flinksec"}))
def test_a_command_says_what_to_do_in_one_sentence(name: str) -> None:
    sentence = COMMANDS[name].get_short_help_str(200)
    assert VERBS.match(sentence), "or add the verb to VERBS"
    assert sentence.endswith(".")


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_the_list_of_commands_says_of_each_what_it_says_itself(name: str) -> None:
    assert _COMMANDS[name][1] == COMMANDS[f"flinksec {name}"].get_short_help_str(200)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_an_option_is_explained_in_whole_sentences(name: str) -> None:
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, parameter.name
            assert re.match(r"[A-Z0-9]|[a-z_]+ (shows|brings)", parameter.help), parameter.help
            assert parameter.help.endswith((".", "…")), parameter.help


@pytest.mark.parametrize("file", CLI, ids=lambda file: file.name)
def test_a_command_ends_and_prints_in_one_way(file: object) -> None:
    path = next(one for one in CLI if one == file)
    if path.name in ("exit_codes.py", "output.py"):
        return
    called = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    }
    ends = {name for name in called if re.fullmatch(r"(.*\.)?(exit|_exit|SystemExit)", name)}
    assert ends == set(), "end by flinksec_jobs.cli.exit_codes"
    assert called & {"print", "click.echo", "click.secho"} == set(), "print by cli/output.py"


def test_every_exit_code_is_documented() -> None:
    page = text("docs/operate.md")
    table = page.partition("## Exit codes of `flinksec`")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == [str(int(code)) for code in ExitCode]
