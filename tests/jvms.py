# SPDX-License-Identifier: Apache-2.0
"""JVMs that tests start: they live for a minute, and most of what they cost is their start."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

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


@contextmanager
def quick_jvms(heap: str) -> Iterator[None]:
    """Start JVMs of local runs, with so much heap, and of sandboxes, so that they start quickly.

    Flink's default is ``-Xmx2g`` alone, and the demo of the wheels runs with that.
    """
    options = ("-XX:+UseSerialGC", *QUICK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JVM_ARGS", " ".join((f"-Xmx{heap}", *options)))
        patch.setattr(jvm_programs, "_QUICK", options)
        yield
