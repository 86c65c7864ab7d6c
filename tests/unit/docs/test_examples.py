# SPDX-License-Identifier: Apache-2.0
"""Every example of every page is run, loaded or parsed, or is left out for a reason."""

import ast
import re
import shlex
import subprocess
import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import pytest

from flinksec_jobs.cli import main
from flinksec_jobs.settings import load_settings
from tests.pages import PAGES, ROOT, Block, blocks, prose

LANGUAGES = {"python", "toml", "sh", "yaml", "text", "sql"}
EXAMPLES = [block for page in PAGES for block in blocks(page)]

# Each Python example, by its page and its number there, and the test that runs it.
PYTHON = {
    ("README.md", "late-flights"): "tests/servers/test_documentation.py",
    ("docs/sandbox.md", "Sandbox("): "tests/servers/test_documentation.py",
    ("docs/elasticsearch.md", "elasticsearch.client("): "tests/tls/test_products_over_https.py",
    ("docs/elasticsearch.md", "omit_nulls=True"): "tests/elasticsearch/test_documents.py",
    ("docs/kafka.md", "AROUND"): "tests/topics/test_kafka_in_and_out.py",
    ("docs/clusters.md", 'cluster="partner"'): "tests/topics/test_two_clusters.py",
    ("docs/performance.md", "Totals(), row"): "tests/servers/test_functions_in_batches.py",
    ("docs/performance.md", "map_batches("): "tests/servers/test_functions_in_batches.py",
    ("docs/dead-letters.md", "job.guard"): "tests/topics/test_dead_letters.py",
    ("docs/sql.md", "late-deliveries"): "tests/servers/test_what_sinks_take.py",
    ("docs/formats.md", "Protobuf("): "tests/formats/test_formats_on_servers.py",
    ("docs/formats.md", "Csv("): "tests/formats/test_formats_on_servers.py",
    ("docs/formats.md", "class Words"): "tests/formats/test_formats_on_servers.py",
    ("docs/formats.md", "Debezium("): "tests/formats/test_formats_on_servers.py",
    ("docs/formats.md", "class Flight"): "tests/formats/test_avro.py",
    ("docs/hdfs.md", "class Departure"): "tests/hdfs/test_hdfs_files.py",
    ("docs/hdfs.md", "class Sale"): "tests/hdfs/test_hdfs_files.py",
    ("docs/records.md", "class Order"): "tests/unit/docs/test_examples.py",
    ("docs/first-job.md", "fast("): "tests/servers/test_functions_in_batches.py",
    ("docs/first-job.md", "    ...\n"): "not run: the frame of a job, without a job in it",
}


def of(language: str) -> list[Block]:
    return [block for block in EXAMPLES if block.language == language]


def by_id(block: Block) -> str:
    return block.id


@pytest.mark.parametrize("page", PAGES)
def test_every_example_says_its_language(page: str) -> None:
    assert {block.language for block in blocks(page)} <= LANGUAGES


@pytest.mark.parametrize("block", of("python"), ids=by_id)
def test_every_python_example_is_run_by_a_test(block: Block) -> None:
    ast.parse(block.text)
    runners = [
        PYTHON[page, part] for page, part in PYTHON if page == block.page and part in block.text
    ]
    assert len(runners) == 1, "add it to PYTHON, with the test that runs it"
    if not runners[0].startswith("not run: "):
        assert f'"{block.page}"' in (ROOT / runners[0]).read_text()


@pytest.mark.parametrize("block", of("sql"), ids=by_id)
def test_every_sql_example_is_a_part_of_the_job_that_is_run(block: Block) -> None:
    run = (
        "jobs/delays_by_carrier.sql",
        "tests/formats/test_sql_formats.py",
        "tests/topics/test_sql.py",
    )
    assert any(block.text in (ROOT / name).read_text() for name in run)


def test_the_record_of_records_md_is_one(tmp_path: Path) -> None:
    (block,) = blocks("docs/records.md", "python")
    module = tmp_path / "orders.py"
    module.write_text(block.text)
    names: dict[str, Any] = {"__name__": "orders"}
    exec(compile(module.read_text(), module, "exec"), names)
    line = names["Line"]("tea", Decimal("3.5"))
    order = names["Order"](UUID(int=1), datetime(2024, 1, 1, tzinfo=UTC), [line], "C-1")
    assert str(order.lines[0].price) == "3.50"
    assert (order.state, order.way, order.notes) == (names["State"].OPEN, "post", {})


@pytest.mark.parametrize("block", of("toml"), ids=by_id)
def test_every_example_of_settings_can_be_loaded(block: Block, tmp_path: Path) -> None:
    settings = tmp_path / "job.toml"
    settings.write_text(block.text)
    loaded = load_settings(settings, environ={})
    for section in tomllib.loads(block.text):
        assert getattr(loaded, section) is not None


@pytest.mark.parametrize("block", of("sh"), ids=by_id)
def test_every_example_of_the_shell_can_be_parsed(block: Block) -> None:
    done = subprocess.run(
        ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def commands(page: str) -> list[list[str]]:
    """Every `flinksec …` of a page, in its examples and in its text, as words."""
    shell = "\n".join(block.text for block in blocks(page, "sh")).replace("\\\n", " ")
    found = []
    for line in shell.splitlines() + re.findall(r"`(flinksec [^`]+)`", prose(page)):
        plain = re.sub(r"\s#.*", "", line)
        found += re.findall(r"(?:^|[|;(] *)flinksec ([^|;)&>]+)", plain)
    return [shlex.split(command) for command in found]


def without_command(words: list[str]) -> str | None:
    """What of a command line is no command or option of ours; None if all of it is."""
    command: click.Command = main
    context = click.Context(main)
    left = list(words)
    while isinstance(command, click.Group) and left:
        if left[0].startswith("-") or left[0] in ("…", "--help"):
            break
        under = command.get_command(context, left[0])
        if under is None:
            return left[0]
        command = under
        left.pop(0)
    known = {"--help", "-h", "--"}
    for option in command.params:
        known |= {*option.opts, *option.secondary_opts}
    options = [word.partition("=")[0] for word in left if word.startswith("-") and word != "-"]
    return next((option for option in options if option not in known), None)


def test_the_commands_of_the_pages_are_found() -> None:
    assert len([words for page in PAGES for words in commands(page)]) > 50


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_ours_is_one_and_has_the_options_shown(page: str) -> None:
    wrong = {" ".join(words): without_command(words) for words in commands(page)}
    assert {line: what for line, what in wrong.items() if what} == {}
