#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A kubectl that remembers: FAKE_CLUSTER is its directory. For tests of scripts/minikube.sh."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

CLUSTER = Path(os.environ["FAKE_CLUSTER"])
ANSWERS = {
    "endpoints[0].addresses": "10.99.0.2",
    "items[0].ports": "8443",
    "conditions": "Complete",
}


def _secret(words: list[str]) -> int:
    name = words[words.index("generic") + 1]
    files = [word.partition("=")[2] for word in words if word.startswith("--from-file=")]
    for file in files:
        assert Path(file).read_bytes()
        assert Path(file).stat().st_mode & 0o077 == 0
    (CLUSTER / f"secret-{name}").write_text(" ".join(Path(file).name for file in files))
    sys.stdout.write(f"kind: Secret # {name}\n")
    return 0


def _apply(words: list[str]) -> int:
    source = words[-1]
    if source == "-":
        sys.stdin.read()
    elif "--filename" in words:
        text = Path(source).read_text()
        for line in text.splitlines():
            if line.startswith("  name: flink-internal-tls"):
                (CLUSTER / "secret-flink-internal-tls").touch()
        (CLUSTER / Path(source).name).write_text(text)
    return 0


def _exec(words: list[str]) -> int:
    command = words[words.index("--") + 1 :]
    if "hand-over" in command and (CLUSTER / "hand-over-fails").exists():
        sys.stderr.write("there is no sandbox\n")
        return 1
    if "figures" in command and (CLUSTER / "figures-differ").exists():
        return 1
    if command[0] == "tar":
        with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
            archive.add(CLUSTER / "hand-over", ".")
    return 0


def main() -> int:  # noqa: PLR0911  one for each verb
    words = sys.argv[1:]
    with (CLUSTER / "calls").open("a") as log:
        log.write(" ".join(words) + "\n")
    assert words[:2] == ["--context", "some-cluster"]
    words = words[2:]
    if words[0] == "--namespace":
        words = words[2:]
    if words[0] == "kustomize":
        program = os.environ["REAL_KUSTOMIZE"].split()
        verb = [] if program[-1] == "kustomize" and len(program) > 1 else ["build"]
        environment = {**os.environ, "PATH": os.environ["REAL_PATH"]}
        command = [*program, *verb, words[1]]
        return subprocess.run(command, check=False, env=environment).returncode
    if words[:2] == ["get", "secret"] and "--output" in words:
        return 0
    if words[:2] == ["get", "secret"]:
        return 0 if (CLUSTER / f"secret-{words[2]}").exists() else 1
    if words[0] == "get":
        answers = dict(ANSWERS)
        if (CLUSTER / "job-fails").exists():
            answers["conditions"] = "FailureTarget Failed"
        sys.stdout.write(next((a for part, a in answers.items() if part in words[-1]), ""))
        return 0
    if words[0] == "create":
        return _secret(words)
    if words[0] == "apply":
        return _apply(words)
    if words[0] == "exec":
        return _exec(words)
    return 0


sys.exit(main())
