# SPDX-License-Identifier: Apache-2.0
"""docker, podman or buildah: whichever is there and works."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.errors import ImageError

NAMES = ("docker", "podman", "buildah")
_PROBE_SECONDS = 30
_TAIL_LINES = 40


@dataclass(frozen=True)
class Build:
    """One run of a builder.

    Attributes:
        context: the folder of the build context.
        dockerfile: in it.
        tag: the image's name.
        arguments: build arguments, without secrets.
        secrets: files by the names under which the Dockerfile mounts them.
        target: the stage; the last one by default.
        options: more options of the builder, as they are.
    """

    context: Path
    dockerfile: Path
    tag: str
    arguments: Mapping[str, str]
    secrets: Mapping[str, Path]
    target: str | None = None
    options: Sequence[str] = ()


class Tool:
    """One of the programs.

    Args:
        name: one of `NAMES`.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def build(self, build: Build, progress: Callable[[str], None]) -> None:
        """Build an image.

        Args:
            build: what.
            progress: gets a line for each step.

        Raises:
            ImageError: it failed; the message ends with what the builder said last.
        """
        pairs = [f"--build-arg={name}={value}" for name, value in build.arguments.items()]
        pairs += [f"--secret=id={name},src={path}" for name, path in build.secrets.items()]
        command = {
            "docker": ["docker", "build", "--progress=plain"],
            "podman": ["podman", "build", "--layers"],
            "buildah": ["buildah", "build", "--layers"],
        }[self.name]
        command += [*pairs, f"--file={build.dockerfile}", f"--tag={build.tag}"]
        command += [f"--target={build.target}"] if build.target else []
        command += [*build.options, str(build.context)]
        said: list[str] = []
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None  # noqa: S101  it was asked for
            for line in process.stdout:
                said.append(line)
                if step := _step(line):
                    progress(step)
        if process.returncode != 0:
            raise ImageError(
                f"{self.name} could not build {build.tag}; it ended with:\n"
                + "".join(said[-_TAIL_LINES:]).rstrip(),
                hint="no registry reachable? name a base image that is here with --base-image",
            )

    def run(self, image: str, command: Sequence[str]) -> str:
        """Return what a program of an image prints, run without a network.

        Raises:
            ImageError: it failed.
        """
        if self.name != "buildah":
            entrypoint, *arguments = command
            return self._ask(
                "run", "--rm", "--network=none", f"--entrypoint={entrypoint}", image, *arguments
            )
        container = self._ask("from", "--pull-never", image).strip()
        try:
            return self._ask("run", "--network=none", container, "--", *command)
        finally:
            self._ask("rm", container)

    def size(self, image: str) -> int:
        """Return how many bytes the layers of an image have, unpacked."""
        if self.name != "buildah":
            return int(self._ask("image", "inspect", "--format={{.Size}}", image))
        # buildah tells sizes only as rounded text.
        listed = self._ask("images", "--format={{.Size}}", image).split()
        unit = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}[listed[1].upper()]
        return int(float(listed[0]) * unit)

    def _ask(self, *arguments: str) -> str:
        done = subprocess.run([self.name, *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ImageError(
                f"{self.name} {arguments[0]} failed: {done.stderr.strip()[-2000:]}",
                hint=f"try it by hand: {self.name} {' '.join(arguments[:6])} …",
            )
        return done.stdout


def find_tool(name: str | None = None) -> Tool:
    """Return the first program that is installed and answers.

    Args:
        name: the one to take; by default the first of `NAMES` that works.

    Raises:
        ImageError: none does.
    """
    findings = []
    for candidate in [name] if name else NAMES:
        problem = _problem(candidate)
        if problem is None:
            return Tool(candidate)
        findings.append(f"{candidate} {problem}")
    raise ImageError(
        f"no program that builds images can be used: {'; '.join(findings)}",
        hint="install podman or buildah (Debian, Ubuntu: apt-get install buildah), "
        "or start the Docker daemon",
    )


def _problem(name: str) -> str | None:
    if shutil.which(name) is None:
        return "is not installed"
    try:
        done = subprocess.run(
            [name, "info"], capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "does not answer"
    if done.returncode == 0:
        return None
    said = done.stderr.strip().splitlines()
    return f"does not work: {said[-1] if said else f'exit code {done.returncode}'}"


def _step(line: str) -> str | None:
    """Return the line if it begins a step, in podman's and buildah's way or in BuildKit's."""
    text = line.strip()
    is_buildkit = text.startswith("#") and "] " in text and "[" in text and "/" in text
    return text[:160] if is_buildkit or "STEP " in text else None
