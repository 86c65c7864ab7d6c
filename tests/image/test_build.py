# SPDX-License-Identifier: Apache-2.0
"""A build judges what it gets: a jar or a Python package that is not the locked one ends it."""

import importlib.metadata
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.errors import ImageError
from flinksec_jobs.image.build import Job, Options, build_job
from flinksec_jobs.image.context import Contents, lay_out
from flinksec_jobs.image.jars import JOB_SETS
from flinksec_jobs.image.tools import Build, Tool
from flinksec_jobs.scaffold import create
from tests.image.containers import podman

ROOT = Path(__file__).parents[2]
PIP_CONF = Path(os.environ["CONTAINERS_STORAGE_CONF"]).with_name("pip.conf")
CA_BUNDLE = Path(os.environ["PIP_CERT"]) if "PIP_CERT" in os.environ else None

LIMIT_OF_THE_JOB = """
import os, runpy
print(runpy.run_path(os.environ["FLINKSEC_JOB_FILE"])["LIMIT"])
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    job = ROOT / "jobs" / "flight_delays.py"
    lay_out(Contents(job_files=[job], jar_sets=JOB_SETS), tmp_path)
    return tmp_path


def build(context: Path, target: str) -> str:
    """Build one stage, which must fail, and return what was said."""
    secrets = {"pip-conf": PIP_CONF} | ({"ca-bundle": CA_BUNDLE} if CA_BUNDLE else {})
    version = importlib.metadata.version("flinksec-jobs")
    told = Build(
        context=context,
        dockerfile=context / "Dockerfile",
        tag="localhost/flinksec-not-to-be:latest",
        arguments={
            "BASE_IMAGE": os.environ["FLINKSEC_TEST_BASE_IMAGE"],
            "EXECUTION_MODE": "thread",
            "VERSION": version,
        },
        secrets=secrets,
        target=target,
    )
    with pytest.raises(ImageError) as refusal:
        Tool("buildah").build(told, lambda _: None)
    return refusal.value.message


def replace(path: Path, content: bytes) -> None:
    """Write a new file: the context links to the cache of jars."""
    path.unlink()
    path.write_bytes(content)


def test_a_jar_that_was_changed_ends_the_build(context: Path) -> None:
    jar = next((context / "jars").glob("hadoop-client-api-*.jar"))
    replace(jar, jar.read_bytes() + b"\0")
    said = build(context, "library")
    assert f"/opt/flinksec/jars/{jar.name} is not the locked org.apache.hadoop:" in said


def test_a_jar_that_is_missing_ends_the_build(context: Path) -> None:
    jar = next((context / "jars").glob("flink-sql-connector-kafka-*.jar"))
    jar.unlink()
    said = build(context, "library")
    assert f"FLINKSEC_JARS_DIR=/opt/flinksec/jars lacks {jar.name} " in said


def test_a_python_package_with_another_hash_ends_the_build(context: Path) -> None:
    lock = context / "requirements" / "build.txt"
    text = lock.read_text()
    replace(lock, re.sub(r"sha256:\w{8}", "sha256:00000000", text).encode())
    said = build(context, "packages")
    # The end of what pip says of hashes; its beginning is far above where a package has many.
    assert re.search(r"(Expected|or) +(sha256 )?00000000\w{56}", said)
    assert re.search(r"Got +\w{64}", said)


@pytest.fixture
def image() -> Iterator[str]:
    """The name of an image that is removed again."""
    name = "localhost/flinksec-for-a-test:latest"
    yield name
    podman("image", "rm", "--force", name)


def test_of_the_files_of_a_new_project_each_program_gets_an_image_that_runs_it(
    tmp_path: Path, image: str
) -> None:
    create("my-job", tmp_path)
    programs = [tmp_path / "my-job" / name for name in ("my_job.py", "another.py")]
    programs[1].write_text("LIMIT = 5")
    options = Options(
        base_image=os.environ["FLINKSEC_TEST_BASE_IMAGE"],
        tag=image,
        pip_conf=PIP_CONF,
        ca_bundle=CA_BUNDLE,
    )
    limits = []
    for files in (programs, programs[::-1]):
        build_job(Job(files), options, Tool("buildah"), lambda _: None)
        limits.append(podman("run", "--rm", "--entrypoint=python", image, "-c", LIMIT_OF_THE_JOB))
    assert limits == ["30.0\n", "5\n"]
