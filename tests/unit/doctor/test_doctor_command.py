# SPDX-License-Identifier: Apache-2.0
"""``flinksec doctor`` without a JVM: what it prints, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flinksec_jobs.cli import main
from flinksec_jobs.doctor.checks import Answer, Check
from flinksec_jobs.doctor.examination import CATEGORIES, Category
from flinksec_jobs.findings import Kind, Where
from tests.unit.settings.conftest import JDK_KEYTAB

WARNING = Kind("it-wears-out", "warning", "something wears out")
BROKEN = """
[kerberos]
principal = "other@REALM.TEST"
keytab = "file:{keytab}"
krb5_conf = "/absent/krb5.conf"
[kafka]
bootstrap_servers = ["kafka.test:9092"]
ca_certs = "/absent/ca.pem"
[elasticsearch]
hosts = ["https://search.test:9200"]
username = "u"
password = "file:/absent/password"
[hdfs]
uri = "hdfs://namenode.test:8020"
conf_dir = "/absent/conf"
[state]
directory = "/mnt/state"
keys = "/absent/keys"
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["doctor", *map(str, arguments)])


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    keytab = tmp_path / "flink.keytab"
    keytab.write_bytes(JDK_KEYTAB)
    keytab.chmod(0o600)
    return write(tmp_path / "job.toml", BROKEN.format(keytab=keytab))


def with_category(monkeypatch: pytest.MonkeyPatch, ask: Callable[[], Answer]) -> None:
    """Have one check in place of all that need a JVM."""
    check = Check("java-jvm", "the JVM", ask, WARNING)
    java = Category("Java", lambda _: iter([check]))
    monkeypatch.setitem(CATEGORIES, "java", java)


def test_every_file_that_cannot_be_used_is_a_finding_of_its_section(broken: Path) -> None:
    done = run("--settings", broken, "--only", "files", "--json")
    assert done.exit_code == 1
    answer = json.loads(done.stdout)
    told = {check["id"]: [found["where"]["setting"] for found in check["findings"]]
            for check in answer["checks"]}  # fmt: skip
    assert told == {
        "files-kerberos": ["kerberos.krb5_conf", "kerberos.principal"],
        "files-kafka": ["kafka.ca_certs"],
        "files-elasticsearch": ["elasticsearch.password"],
        "files-hdfs": ["hdfs.conf_dir"],
        "files-state": ["state.keys"],
    }
    assert (answer["well"], answer["counts"]) == (False, {"problem": 5})
    assert answer["settings"] == str(broken)


def test_for_people_there_is_a_line_for_each_check_and_a_hint_for_each_finding(
    broken: Path,
) -> None:
    done = run("--settings", broken, "--only", "settings,files")
    lines = done.stdout.splitlines()
    assert lines[0] == "settings"
    assert lines[1] == (
        f"  ok         the settings in {broken}: kerberos, kafka, elasticsearch, hdfs, state"
    )
    at = lines.index("  problem    the files of [kafka]")
    assert lines[at + 1].startswith("    problem: kafka.ca_certs /absent/ca.pem")
    assert lines[at + 1].endswith("[ca-certs-unusable]")
    assert lines[at + 2].startswith("      hint: ")
    assert lines[-1] == "7 checks: 2 ok, 5 problem"


def test_settings_that_cannot_be_read_end_it_with_2_and_name_what_is_wrong(
    tmp_path: Path,
) -> None:
    text = '[kafka]\nca_cert = "/a"\nbootstrap_servers = ["a:1"]\n'
    path = write(tmp_path / "job.toml", text)
    done = run("--settings", path, "--json")
    assert done.exit_code == 2
    (check,) = json.loads(done.stdout)["checks"]
    assert (check["id"], check["result"]) == ("settings-read", "problem")
    assert "kafka.ca_cert" in check["findings"][0]["why"]
    told = run("--settings", path)
    assert told.exit_code == 2
    assert told.stderr.startswith("error: ")
    assert "hint: " in told.stderr
    assert run("--settings", path.with_name("absent.toml")).exit_code == 2


def test_an_unknown_category_is_refused_with_all_that_there_are(broken: Path) -> None:
    done = run("--settings", broken, "--only", "kafka,kakfa")
    assert done.exit_code == 2
    assert "there is no category 'kakfa'; there are settings, files, flink, java," in done.stderr


def test_categories_may_be_separated_by_commas_or_given_one_by_one(broken: Path) -> None:
    together = run("--settings", broken, "--only", "settings,files")
    apart = run("--settings", broken, "--only", "files", "--only", "settings")
    assert together.exit_code == 1
    assert apart.stdout == together.stdout


def test_the_help_lists_every_category(broken: Path) -> None:
    told = run("--help").stdout
    assert [name for name in CATEGORIES if f"\n    {name} " not in told] == []


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)])
def test_a_warning_fails_only_with_strict(
    broken: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: int
) -> None:
    found = WARNING.at(Where(object="it"), "it wears out", fix="replace it")
    with_category(monkeypatch, lambda: Answer(findings=[found]))
    done = run("--settings", broken, "--only", "java", *options)
    assert done.exit_code == code
    assert "  warning    the JVM\n    warning: it: it wears out [it-wears-out]\n" in done.stdout


def test_what_could_not_be_looked_at_fails(broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask() -> Answer:
        raise KeyError("canary")

    with_category(monkeypatch, ask)
    done = run("--settings", broken, "--only", "java", "--json")
    assert done.exit_code == 1
    assert "canary" not in done.output
    verbose = CliRunner().invoke(
        main, ["--verbose", "doctor", "--settings", str(broken), "--only", "java"]
    )
    assert "KeyError" in verbose.stderr


def test_ctrl_c_ends_it_with_130(broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask() -> Answer:
        raise KeyboardInterrupt

    monkeypatch.setattr("signal.signal", lambda *_: None)
    with_category(monkeypatch, ask)
    done = run("--settings", broken, "--only", "java")
    assert done.exit_code == 130
    assert done.stderr == "interrupted\n"


def test_without_a_java_what_needs_it_is_not_asked(
    broken: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nonexistent")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("flinksec_jobs.runtime.java._from_wheel", lambda _: None)
    done = run("--settings", broken, "--only", "java,dns", "--json")
    checks: list[dict[str, Any]] = json.loads(done.stdout)["checks"]
    told = {check["id"]: (check["result"], check["detail"]) for check in checks}
    assert told["java-found"][0] == "problem"
    assert told["java-crypto"] == ("not asked", "java-jvm failed")
    assert {told["dns-host"][0]} == {"not asked"}


@pytest.mark.parametrize(
    ("option", "topic", "said"),
    [
        ("--read-topic", "/orders-(/", "is no pattern: missing )"),
        ("--read-topic", "/orders-(/@east", "is no pattern: missing )"),
        ("--read-topic", "/a{99999999999}/", "is no pattern: the repetition number is too large"),
        ("--read-topic", f"/{'(' * 5000}/", "is no pattern: "),
        ("--read-topic", "/orders", "is no topic: letters of ASCII"),
        ("--read-topic", "//", "is no topic: letters of ASCII"),
        ("--read-topic", "заказы@east", "is no topic: letters of ASCII"),
        ("--write-topic", "orders/", "is no topic: letters of ASCII"),
        ("--write-topic", "/orders-.*/", "is a pattern; name each topic that the job writes"),
        ("--write-topic", "/orders-.*/@east", "is a pattern; name each"),
    ],
)
def test_a_pattern_that_asks_for_nothing_is_wrong_usage(
    broken: Path, option: str, topic: str, said: str
) -> None:
    done = run("--settings", broken, option, topic)
    assert done.exit_code == 2
    assert f"{topic} {said}" in " ".join(done.output.split())
