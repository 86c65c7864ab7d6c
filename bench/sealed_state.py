# SPDX-License-Identifier: Apache-2.0
"""Write and read files of Flink state, sealed or plain."""

from __future__ import annotations

import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import pyflink
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from flinksec_jobs.runtime import artifacts

SOURCE = Path(__file__).with_name("SealedStateBench.java")
MIB = 1024 * 1024
ROUNDS = 5
# What the table says of each: label, amount, unit of the rate, GiB for the CPU column.
ROWS = {
    "write": ("write 256 MiB, tmpfs", 256.0, "MiB/s", 0.25),
    "read": ("read 256 MiB, tmpfs", 256.0, "MiB/s", 0.25),
    "disk": ("write 256 MiB and sync, disk", 256.0, "MiB/s", 0.25),
    "random": ("4 KiB reads at random, tmpfs", 20_000.0, "reads/s", 20_000 / 262_144),
    "small-write": ("write 2,000 files of 8 KiB, tmpfs", 2_000.0, "files/s", 2_000 / 131_072),
    "small-read": ("read 2,000 files of 8 KiB, tmpfs", 2_000.0, "files/s", 2_000 / 131_072),
    "first at 0": ("first 64 MiB of a new JVM, at once", 64.0, "MiB/s", 0.0625),
    "first at 5": ("first 64 MiB of a new JVM, after 5 s", 64.0, "MiB/s", 0.0625),
}
Times = dict[tuple[str, str], tuple[float, float]]


@click.command(help=__doc__)
def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as tmpfs:
        disk = tempfile.mkdtemp(dir="/var/tmp")
        try:
            times = measure(Path(tmpfs), Path(disk))
        finally:
            shutil.rmtree(disk)
    click.echo("| | plain | sealed | sealed / plain | CPU s per GiB, plain | sealed |")
    click.echo("|---|---|---|---|---|---|")
    for what, (label, amount, unit, gib) in ROWS.items():
        plain, sealed = times[what, "plain"], times[what, "sealed"]
        click.echo(
            f"| {label} | {amount / plain[0]:,.0f} {unit} | {amount / sealed[0]:,.0f} {unit} "
            f"| {plain[0] / sealed[0]:.2f} | {plain[1] / gib:.2f} | {sealed[1] / gib:.2f} |"
        )
    click.echo("\n| AES-256-GCM alone, chunks of 16 KiB | encrypt | decrypt |\n|---|---|---|")
    for name, label in (("jca", "Java (JCA)"), ("python", "Python (`cryptography`)")):
        rates = (256 / times[name, way][0] for way in ("encrypt", "decrypt"))
        click.echo(f"| {label} |" + "".join(f" {rate:,.0f} MiB/s |" for rate in rates))


def measure(tmpfs: Path, disk: Path) -> Times:
    """Run the JVM once for all, and three times anew for each kind of first write."""
    keys = tmpfs / "keys"
    flinksec("state", "keys", "init", str(keys))
    classes = tmpfs / "classes"
    jars = [*(Path(pyflink.__file__).parent / "lib").glob("*.jar")]
    path = os.pathsep.join(map(str, [classes, artifacts.own_jar("flinksec-sealed-state"), *jars]))
    subprocess.run([jdk("javac"), "-cp", path, "-d", classes, SOURCE], check=True)

    def run(*arguments: str) -> Times:
        command = [jdk("java"), "-Xmx1g", "-cp", path, SOURCE.stem, str(keys), *arguments]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        fields = (line.split() for line in out.splitlines())
        return {(what, which): (float(s), float(cpu)) for what, which, s, cpu in fields}

    times = run("all", str(tmpfs), str(disk))
    for after, which in itertools.product("05", ("plain", "sealed")):
        firsts = [run("first", which, str(tmpfs), after)["first", which] for _ in range(3)]
        times[f"first at {after}", which] = sorted(firsts)[1]
    return times | python_cipher()


def python_cipher() -> Times:
    """What `cryptography` does with nothing around it, in chunks of the format's size."""
    cipher = AESGCM(bytes(32))
    nonce, chunk = bytes(12), bytes(16 * 1024)
    sealed = cipher.encrypt(nonce, chunk, None)
    return {
        ("python", "encrypt"): (median(lambda: cipher.encrypt(nonce, chunk, None)), 0.0),
        ("python", "decrypt"): (median(lambda: cipher.decrypt(nonce, sealed, None)), 0.0),
    }


def median(work: Callable[[], object]) -> float:
    """Return the seconds for 256 MiB."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(256 * MIB // (16 * 1024)):
            work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def flinksec(*arguments: str) -> None:
    """Run the command of that name."""
    command = [sys.executable, "-m", "flinksec_jobs", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def jdk(tool: str) -> str:
    """Return a tool of the JDK that JAVA_HOME or PATH names."""
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / tool) if home else tool


if __name__ == "__main__":
    main()
