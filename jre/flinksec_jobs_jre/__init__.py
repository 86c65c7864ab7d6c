# SPDX-License-Identifier: Apache-2.0
"""The Java runtime of flinksec-jobs."""

from pathlib import Path

__all__ = ["home"]


def home() -> Path:
    """Directory of the Java runtime: the value that `JAVA_HOME` would have.

    Raises:
        FileNotFoundError: the package was installed from a source tree in which
            `scripts/build_jre.sh` has not been run.
    """
    runtime = Path(__file__).resolve().parent / "runtime"
    if not (runtime / "bin" / "java").is_file():
        raise FileNotFoundError(f"there is no Java runtime in {runtime}: run `make wheels`")
    return runtime
