# SPDX-License-Identifier: Apache-2.0
"""JVMs that tests start: they live for a minute, and most of what they cost is their start."""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flinksec_jobs.runtime import artifacts, local_jvm
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sandbox import jvm_programs

# What a JVM loads at its start is compiled and collected once, and no more than it needs: it has
# use neither for the slower compiler, nor for a collector with threads of its own, nor for a whole
# collection each time that classes have filled some megabytes more. That the classes of Flink,
# Kafka and Hadoop are well formed has been verified often enough: it takes a tenth of a start.
QUICK = (
    "-XX:TieredStopAtLevel=1",
    "-XX:MetaspaceSize=256m",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-BytecodeVerificationRemote",
)
_OPTIONS = ("-XX:+UseSerialGC", *QUICK)
_KEPT = Path(__file__).parents[1] / ".venv" / ".flinksec"
# What this loads, the JVMs of all jobs take from the archive, as far as they have use for it.
_JOB = """
import subprocess
import sys

from flinksec_jobs import SecureJob
from flinksec_jobs.runtime import jvm
from pyflink.common import Types, WatermarkStrategy

with SecureJob("archived") as job:
    from pyflink.datastream.connectors.number_seq import NumberSequenceSource

    none = WatermarkStrategy.no_watermarks()
    numbers = job.env.from_source(NumberSequenceSource(1, 100), none, "numbers", Types.LONG())
    numbers.map(lambda number: 2 * number, Types.LONG()).key_by(lambda number: number % 2).print()

jcmd, archive = sys.argv[1:]
subprocess.run([jcmd, str(jvm.process_id()), "VM.cds", "dynamic_dump", archive], check=True)
"""


@contextmanager
def quick_jvms(heap: str) -> Iterator[None]:
    """Start JVMs of local runs, with so much heap, and of sandboxes, so that they start quickly.

    Flink's default is ``-Xmx2g`` alone, and the demo of the wheels runs with that.
    """
    # Without an archive that fits, a JVM would go on with a warning in what the job prints.
    shared = (f"-XX:SharedArchiveFile={class_archive()}", "-Xlog:disable")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JVM_ARGS", " ".join((f"-Xmx{heap}", *_OPTIONS, *shared)))
        patch.setattr(jvm_programs, "_QUICK", _OPTIONS)
        yield


def class_archive() -> Path:
    """Return an archive of the classes of a local run (Java's class data sharing).

    It is made once for these jars and this Java, whoever of several suites comes first.
    """
    java = find_java()
    archive = _KEPT / f"classes-{_identity(java.executable)}.jsa"
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / "classes.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            for old in _KEPT.glob("classes-*.jsa"):
                old.unlink()
            _write(archive, java.executable)
    return archive


def _identity(java: Path) -> str:
    """What an archive depends on: Java looks at the time and the size of each jar, too."""
    flink = local_jvm.pyflink_home()
    jars = [artifacts.own_jar(f"flinksec-{name}") for name in ("gateway", "logging", "metrics")]
    jars += sorted((*(flink / "lib").glob("*.jar"), *(flink / "opt").glob("flink-python*.jar")))
    told = [str(java), Path(__file__).read_text()]
    told += [f"{jar} {jar.stat().st_size} {jar.stat().st_mtime_ns}" for jar in jars]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _write(archive: Path, java: Path) -> None:
    with tempfile.TemporaryDirectory(dir=archive.parent) as directory:
        script, made = Path(directory) / "job.py", Path(directory) / archive.name
        script.write_text(_JOB)
        options = (*_OPTIONS, "-XX:+RecordDynamicDumpInfo", "-Xlog:disable")
        variables = {
            "JVM_ARGS": " ".join(options),
            "FLINKSEC_LOG_DIR": directory,
        }
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "flinksec_jobs",
                "run",
                script,
                "--",
                java.with_name("jcmd"),
                made,
            ],
            env=os.environ | variables,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0 and made.exists(), done.stdout + done.stderr
        made.rename(archive)
