# SPDX-License-Identifier: Apache-2.0
"""Jars are used only when they are the locked ones, wherever they lie."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.errors import ArtifactError
from flinksec_jobs.runtime import artifacts

JARS = {"one.jar": b"the first", "two.jar": b"the second"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A lock file of two jars, an empty cache, and no way to fetch."""
    lock = {
        "sets": {"both": list(JARS), "many": [f"{n}.jar" for n in range(5)]},
        "jars": {
            name: {
                "coordinate": f"org.example:{name.removesuffix('.jar')}:1",
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
            }
            for name, content in {**JARS, **{f"{n}.jar": b"x" for n in range(5)}}.items()
        },
    }
    (tmp_path / "lock.json").write_text(json.dumps(lock))
    monkeypatch.setattr(artifacts, "LOCK_FILE", tmp_path / "lock.json")
    monkeypatch.setattr(artifacts, "_fetch", lambda jar, *_: pytest.fail(f"fetches {jar.name}"))
    monkeypatch.delenv("FLINKSEC_JARS_DIR", raising=False)
    monkeypatch.setenv("FLINKSEC_CACHE", str(tmp_path / "cache"))
    artifacts._lock.cache_clear()
    yield tmp_path / "cache"
    artifacts._lock.cache_clear()


def fill(directory: Path, contents: dict[str, bytes] = JARS) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (directory / name).write_bytes(content)


def test_jars_in_the_cache_are_used_without_a_network(cache: Path) -> None:
    fill(cache / "jars")
    assert artifacts.jars("both") == [cache / "jars" / "one.jar", cache / "jars" / "two.jar"]


def test_an_altered_jar_is_refused_at_every_use(cache: Path) -> None:
    fill(cache / "jars")
    artifacts.jars("both")
    (cache / "jars" / "two.jar").write_bytes(b"something else")
    with pytest.raises(ArtifactError) as caught:
        artifacts.jars("both")
    found, locked = (hashlib.sha256(c).hexdigest() for c in (b"something else", JARS["two.jar"]))
    assert caught.value.message == (
        f"{cache}/jars/two.jar is not the locked org.example:two:1: "
        f"its SHA-256 is {found}, the lock says {locked}"
    )
    assert "delete it" in str(caught.value.hint)


def test_an_offline_directory_is_used_in_place_of_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "offline")
    monkeypatch.setenv("FLINKSEC_JARS_DIR", str(tmp_path / "offline"))
    assert artifacts.jars("both") == [tmp_path / "offline" / name for name in JARS]


def test_a_jar_that_an_offline_directory_lacks_is_named_and_not_fetched(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cache / "jars")
    fill(tmp_path / "offline", {"one.jar": JARS["one.jar"]})
    monkeypatch.setenv("FLINKSEC_JARS_DIR", str(tmp_path / "offline"))
    with pytest.raises(ArtifactError) as caught:
        artifacts.jars("both")
    assert caught.value.message == (
        f"FLINKSEC_JARS_DIR={tmp_path}/offline lacks two.jar of the set both"
    )
    with pytest.raises(ArtifactError, match=r"lacks 0.jar, 1.jar, 2.jar and 2 more of the set"):
        artifacts.jars("many")


def test_an_altered_jar_in_an_offline_directory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "offline", {**JARS, "one.jar": b""})
    monkeypatch.setenv("FLINKSEC_JARS_DIR", str(tmp_path / "offline"))
    with pytest.raises(ArtifactError, match=r"one.jar is not the locked org.example:one:1"):
        artifacts.jars("both")


def test_only_what_the_cache_lacks_is_fetched_and_what_came_is_verified(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cache / "jars", {"one.jar": JARS["one.jar"]})
    fetched = []

    def fetch(jar: artifacts.LockedJar, directory: Path, counter: Any) -> None:
        fetched.append(jar.name)
        with counter.file(jar.name, jar.bytes) as add:
            add(4)
            add(jar.bytes - 4)
        (directory / jar.name).write_bytes(JARS[jar.name])

    progress: list[tuple[int, int]] = []
    monkeypatch.setattr(artifacts, "_fetch", fetch)
    artifacts.jars("both", lambda done, total: progress.append((done, total)))
    assert fetched == ["two.jar"]
    assert progress == [(4, 10), (10, 10)]


def test_an_unknown_set_is_an_error_of_ours() -> None:
    with pytest.raises(ArtifactError, match="no set of jars is called nosuch"):
        artifacts.jars("nosuch")


def test_a_jar_of_ours_that_was_not_built_is_named_with_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "LIB_DIRECTORY", tmp_path)
    with pytest.raises(ArtifactError, match=f"flinksec-x.jar is not in {tmp_path}") as caught:
        artifacts.own_jar("flinksec-x")
    assert "mvn package" in str(caught.value.hint)
    (tmp_path / "flinksec-x.jar").touch()
    assert artifacts.own_jar("flinksec-x") == tmp_path / "flinksec-x.jar"


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    monkeypatch.setenv("FLINKSEC_CACHE", "/own")
    assert artifacts.cache_directory() == Path("/own")
    monkeypatch.delenv("FLINKSEC_CACHE")
    assert artifacts.cache_directory() == Path("/xdg/flinksec")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/me")
    assert artifacts.cache_directory() == Path("/me/.cache/flinksec")


def test_a_mirror_replaces_the_maven_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLINKSEC_MAVEN_MIRROR", raising=False)
    assert artifacts.remote_repositories() is None
    monkeypatch.setenv("FLINKSEC_MAVEN_MIRROR", "https://mirror.example/maven/")
    assert artifacts.remote_repositories() == {"mirror": "https://mirror.example/maven"}


def test_the_committed_lock_is_complete() -> None:
    lock = json.loads(Path(artifacts.__file__).with_name("jars.lock.json").read_text())
    assert {"flink-kafka", "hadoop-client"} <= lock["sets"].keys()
    assert {name for names in lock["sets"].values() for name in names} == lock["jars"].keys()
    for name, jar in lock["jars"].items():
        _, artifact, version, *form = jar["coordinate"].split(":")
        classifier, packaging = form or ("", "jar")
        assert name == f"{artifact}-{version}{classifier and '-'}{classifier}.{packaging}"
        assert re.fullmatch("[0-9a-f]{64}", jar["sha256"])
        assert jar["bytes"] > 0
