# SPDX-License-Identifier: Apache-2.0
"""What the repository promises about itself: locked, portable, licensed, of one version."""

import json
import re
import subprocess
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from flinksec_jobs import __version__

ROOT = Path(__file__).resolve().parents[2]
LOCKS = [ROOT / "requirements" / name for name in ("build.txt", "lock.txt", "gssapi.txt")]
OF_IMAGES = [
    ROOT / "requirements" / name for name in ("image.txt", "image-process.txt", "sandbox.txt")
]
POMS = [ROOT / "connectors" / "pom.xml", *sorted((ROOT / "connectors").glob("*/pom.xml"))]
POM = {"m": "http://maven.apache.org/POM/4.0.0"}
REQUIREMENT = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)

# In pieces, so that this file does not contain what it looks for.
REGISTRY_HOSTS = [
    ".".join(labels)
    for labels in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("repo", "maven", "apache", "org"),
        ("maven", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
    )
]
MACHINE_PATH = re.compile(r"(?<![\w.$}>-])/(?:work|root|home)/\w+")


def project(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())
    return loaded


def committed_texts() -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():  # one that is being removed is listed still
            texts[name] = path.read_text(encoding="utf-8", errors="replace")
    return texts


def licence_rows() -> dict[str, str]:
    text = (ROOT / "THIRD_PARTY.md").read_text()
    return dict(re.findall(r"^\| `?([^`|]+?)`? \| ([^|]+?) \|$", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_a_hash(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    without = [entry for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)]
    assert without == []
    assert all(REQUIREMENT.match(entry) for entry in entries)


def test_the_lock_has_what_the_project_asks_for() -> None:
    loaded = project(ROOT)
    asked = [
        *loaded["project"]["dependencies"],
        *loaded["project"]["optional-dependencies"]["demo"],
        *loaded["project"]["optional-dependencies"]["gssapi"],
        *loaded["project"]["optional-dependencies"]["kubernetes"],
        *loaded["project"]["optional-dependencies"]["tools"],
        *loaded["dependency-groups"]["dev"],
        *loaded["build-system"]["requires"],
    ]
    names = {re.split(r"[^\w.-]", line)[0].lower() for line in asked}
    names = {re.sub(r"[-_.]+", "-", name) for name in names}
    locked = {name for lock in LOCKS for name, _ in REQUIREMENT.findall(lock.read_text())}
    assert len(LOCKS) == 3
    assert names - locked == set()


def test_packages_in_several_locks_have_the_same_version() -> None:
    locks = [dict(REQUIREMENT.findall(lock.read_text())) for lock in LOCKS]
    for first, second in combinations(locks, 2):
        common = first.keys() & second.keys()
        assert {name: first[name] for name in common} == {name: second[name] for name in common}


def test_the_version_is_written_once_and_the_poms_have_it_too() -> None:
    for folder in (ROOT, ROOT / "jre"):
        loaded = project(folder)
        assert "version" not in loaded["project"]
        assert loaded["project"]["dynamic"] == ["version"]
        source = (folder / loaded["tool"]["hatch"]["version"]["path"]).resolve()
        assert source == ROOT / "flinksec_jobs" / "version.py"
    parent, *children = (ElementTree.parse(pom).getroot() for pom in POMS)
    assert parent.findtext("m:properties/m:revision", "", POM) == __version__
    assert parent.findtext("m:version", "", POM) == "${revision}"
    assert {one.findtext("m:parent/m:version", "", POM) for one in children} == {"${revision}"}
    assert [one.findtext("m:version", None, POM) for one in children] == [None] * len(children)


def test_no_committed_file_names_a_package_registry() -> None:
    found = [
        (name, host)
        for name, text in committed_texts().items()
        for host in REGISTRY_HOSTS
        if re.search(rf"\b{re.escape(host)}\b", text)
    ]
    assert found == []


def test_no_committed_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    found = [
        (name, match[0])
        for name, text in committed_texts().items()
        for match in MACHINE_PATH.finditer(text)
    ]
    assert found == []


def test_make_help_lists_every_target() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    listed = re.findall(r"^make ([a-z-]+) +\S", shown.stdout, re.MULTILINE)
    assert listed == targets
    assert {"setup", "demo", "test", "lint", "format", "wheels", "bench", "clean"} < set(targets)


def test_every_jar_that_is_fetched_has_its_licence_listed() -> None:
    rows = licence_rows()
    lock = json.loads((ROOT / "flinksec_jobs" / "runtime" / "jars.lock.json").read_text())
    missing = []
    for jar in lock["jars"].values():
        group, artifact, *_ = jar["coordinate"].split(":")
        if not rows.keys() & {f"{group}:*", f"{group}:{artifact}"}:
            missing.append(jar["coordinate"])
    assert lock["jars"]
    assert missing == []


def test_every_python_package_has_its_licence_listed() -> None:
    rows = licence_rows()
    locked = {name for lock in LOCKS for name, _ in REQUIREMENT.findall(lock.read_text())}
    assert locked
    assert locked - rows.keys() == set()


@pytest.mark.parametrize("lock", OF_IMAGES, ids=lambda path: path.name)
def test_images_have_the_locked_versions_and_hashes(lock: Path) -> None:
    def pins(path: Path) -> dict[str, tuple[str, ...]]:
        blocks = re.split(r"^(?=\S)", path.read_text(), flags=re.MULTILINE)
        return {
            match[1]: (match[2], *re.findall(r"sha256:(\w+)", block))
            for block in blocks
            if (match := REQUIREMENT.match(block))
        }

    everything, own = pins(ROOT / "requirements" / "lock.txt"), pins(lock)
    assert own
    assert {name: everything.get(name) for name in own} == own


def test_an_image_has_every_package_that_its_list_names_and_no_other() -> None:
    for name in ("image", "sandbox"):
        listed = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
        asked = {line.replace(".", "-") for line in listed if not line.startswith("#")}
        locked = dict(REQUIREMENT.findall((ROOT / "requirements" / f"{name}.txt").read_text()))
        assert set(locked) == asked


# What an image does without: none fetches jars, and the sandbox runs no job and reads no YAML.
LEFT_OUT_OF_IMAGES = {
    "image.txt": {"jgo"},
    "image-process.txt": set(),
    "sandbox.txt": {"apache-flink", "jgo", "msgspec", "ruamel-yaml"},
}


@pytest.mark.parametrize("lock", OF_IMAGES, ids=lambda path: path.name)
def test_an_image_has_every_package_that_the_library_depends_on(lock: Path) -> None:
    wanted = {
        re.split(r"[<>=~\[]", one)[0].replace(".", "-")
        for one in project(ROOT)["project"]["dependencies"]
    }
    locked = {name for name, _ in REQUIREMENT.findall(lock.read_text())}
    assert wanted - locked == LEFT_OUT_OF_IMAGES[lock.name]
