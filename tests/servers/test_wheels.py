# SPDX-License-Identifier: Apache-2.0
"""The two wheels alone, on a machine with Python and nothing else on its PATH."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
ROWS = 5000
# The caches of the user and what a network may need, but nothing that names a Java.
KEPT = re.compile(
    r"HOME|LANG|LC_ALL|TMPDIR|XDG_CACHE_HOME|FLINKSEC_(JARS_DIR|CACHE|MAVEN_MIRROR)|(SSL|REQUESTS|CURL)_C.*|.*_PROXY"
)


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """Output of a command that must succeed; on a time-out all that it started dies."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    assert process.returncode == 0, f"{command} ended with {process.returncode}\n{out}\n{err}"
    return out


@pytest.fixture(scope="module")
def wheels() -> dict[str, Path]:
    """Both wheels, by the name of their distribution; built if anything in them changed."""
    run(ROOT / "scripts" / "wheels.sh")
    return {wheel.name.split("-")[0]: wheel for wheel in (ROOT / "dist").glob("*.whl")}


@pytest.fixture(scope="module")
def installed(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder `bin` of a new virtual environment where the README's `pip install` was typed."""
    directory = tmp_path_factory.mktemp("wheels")
    run(sys.executable, "-m", "venv", directory / "venv")
    # The locked versions, without their hashes: our wheels have none there.
    locked = (ROOT / "requirements" / "lock.txt").read_text()
    constraints = directory / "constraints.txt"
    constraints.write_text(re.sub(r" \\\n +--hash=\S+", "", locked))
    bin_directory = directory / "venv" / "bin"
    (install,) = re.findall("^pip install .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    environment = os.environ | {
        "PATH": f"{bin_directory}{os.pathsep}{os.environ['PATH']}",
        "PIP_CONSTRAINT": str(constraints),
        "PIP_NO_COMPILE": "1",
        "PIP_QUIET": "1",
    }
    assert wheels
    run("bash", "-c", f"cd {ROOT} && {install}", env=environment)
    yield bin_directory
    shutil.rmtree(directory)  # 900 MB, of which pytest would keep three


@pytest.fixture
def bare_environment(installed: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name.upper())}
    return kept | {"PATH": str(installed)}


def test_the_library_wheel_carries_our_jars_and_the_jobs(wheels: dict[str, Path]) -> None:
    names = zipfile.ZipFile(wheels["flinksec_jobs"]).namelist()
    modules = [pom.parent.name for pom in (ROOT / "connectors").glob("*/pom.xml")]
    jars = {f"flinksec_jobs/lib/flinksec-{module}.jar" for module in modules}
    jobs = {f"flinksec_jobs/jobs/{job.name}" for job in (ROOT / "jobs").glob("*.py")}
    assert len(jars) > 4
    assert jobs
    assert jars | jobs <= set(names)


def test_the_runtime_wheel_is_tagged_for_its_platform_and_keeps_the_legal_files(
    wheels: dict[str, Path],
) -> None:
    wheel = wheels["flinksec_jobs_jre"]
    assert wheel.name.endswith("-py3-none-linux_x86_64.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "flinksec_jobs_jre/runtime/legal/java.base/LICENSE" in names


def test_the_java_of_the_wheel_is_found_and_has_the_sasl_mechanism_gssapi(
    installed: Path, bare_environment: dict[str, str]
) -> None:
    program = "from flinksec_jobs.runtime.java import find_java; print(find_java().executable)"
    java = Path(run(installed / "python", "-c", program, env=bare_environment).strip())
    assert java.is_relative_to(installed.parent)
    modules = run(java, "--list-modules", env=bare_environment)
    assert "\njdk.security.jgss@" in modules
    assert "\njdk.crypto.cryptoki@" in modules


def test_the_demo_passes_with_python_alone(
    installed: Path, bare_environment: dict[str, str]
) -> None:
    command = (installed / "flinksec", "demo", "--json", "--rows", str(ROWS))
    result = json.loads(run(*command, env=bare_environment))
    failed = [check for check in result["checks"] if not check["ok"]]
    assert failed == []
    assert result["checks"]
    assert result["ok"] is True
