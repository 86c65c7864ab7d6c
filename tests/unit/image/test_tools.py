# SPDX-License-Identifier: Apache-2.0
"""docker, podman and buildah: found, and told the same. Shell scripts stand in for them."""

import os
from pathlib import Path

import pytest

from flinksec_jobs.errors import ImageError
from flinksec_jobs.image.tools import Build, find_tool

SAYS_ITS_ARGUMENTS = """#!/bin/sh
[ "$1" = info ] && exit 0
printf '%s\\n' "$@" >> "$0.arguments"
echo 'STEP 1/2: FROM base'
echo 'some noise'
echo '#7 [python 2/3] RUN apt-get update'
"""
NO_DAEMON = "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n"
FAILS = "#!/bin/sh\n[ \"$1\" = info ] && exit 0\necho 'no space left on device' >&2\nexit 125\n"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of its own; `sh` is there by its absolute path."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def install(directory: Path, name: str, script: str) -> None:
    (directory / name).write_text(script)
    (directory / name).chmod(0o755)


def build(context: Path) -> Build:
    return Build(
        context=context,
        dockerfile=context / "Dockerfile",
        tag="late:1",
        arguments={"JOB": "late.py"},
        secrets={"ca-bundle": Path("/etc/ca.pem")},
        options=["--no-cache"],
    )


def test_docker_without_a_daemon_is_passed_over(programs: Path) -> None:
    install(programs, "docker", NO_DAEMON)
    install(programs, "buildah", SAYS_ITS_ARGUMENTS)
    assert find_tool().name == "buildah"


def test_where_there_is_none_each_is_named_with_what_is_wrong(programs: Path) -> None:
    install(programs, "docker", NO_DAEMON)
    with pytest.raises(ImageError) as refusal:
        find_tool()
    assert refusal.value.message == (
        "no program that builds images can be used: docker does not work: Cannot connect to the "
        "Docker daemon; podman is not installed; buildah is not installed"
    )
    assert "apt-get install buildah" in str(refusal.value.hint)


def test_the_one_that_was_asked_for_is_not_replaced_by_another(programs: Path) -> None:
    install(programs, "buildah", SAYS_ITS_ARGUMENTS)
    with pytest.raises(ImageError, match="podman is not installed"):
        find_tool("podman")


@pytest.mark.parametrize("name", ["docker", "podman", "buildah"])
def test_each_gets_the_same_build_with_the_secret_as_a_mount(
    programs: Path, tmp_path: Path, name: str
) -> None:
    install(programs, name, SAYS_ITS_ARGUMENTS)
    steps: list[str] = []
    find_tool().build(build(tmp_path), steps.append)
    told = (programs / f"{name}.arguments").read_text().splitlines()
    assert told[0] == "build"
    assert told[-1] == str(tmp_path)
    assert {
        "--build-arg=JOB=late.py",
        "--secret=id=ca-bundle,src=/etc/ca.pem",
        f"--file={tmp_path / 'Dockerfile'}",
        "--tag=late:1",
        "--no-cache",
    } <= set(told)
    assert steps == ["STEP 1/2: FROM base", "#7 [python 2/3] RUN apt-get update"]


def test_a_failure_ends_with_what_the_builder_said(programs: Path, tmp_path: Path) -> None:
    install(programs, "podman", FAILS)
    with pytest.raises(ImageError, match="no space left on device") as failure:
        find_tool().build(build(tmp_path), lambda _: None)
    assert failure.value.message.startswith("podman could not build late:1")


def test_a_program_of_an_image_runs_without_a_network(programs: Path) -> None:
    install(programs, "podman", SAYS_ITS_ARGUMENTS)
    assert "some noise" in find_tool().run("late:1", ["/bin/cat", "/file"])
    told = (programs / "podman.arguments").read_text().split()
    assert told == ["run", "--rm", "--network=none", "--entrypoint=/bin/cat", "late:1", "/file"]


def test_the_programs_are_looked_for_on_the_path_alone(programs: Path) -> None:
    assert os.environ["PATH"] == str(programs)
    with pytest.raises(ImageError, match="docker is not installed"):
        find_tool("docker")
