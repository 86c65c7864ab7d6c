# SPDX-License-Identifier: Apache-2.0
"""What goes into the build context, and what stops it from being laid out."""

import csv
import hashlib
import importlib.metadata
import io
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from flinksec_jobs.errors import ImageError
from flinksec_jobs.image import context
from flinksec_jobs.image.build import Job, Options, build_job, image_name, revision
from flinksec_jobs.image.context import Contents
from flinksec_jobs.image.tools import Tool


@pytest.fixture
def laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A context with a job in it, and stand-ins for the Java runtime and the wheel."""
    runtime = tmp_path / "runtime"
    (runtime / "bin").mkdir(parents=True)
    (runtime / "bin" / "java").write_text("")
    monkeypatch.setattr(context, "java_runtime", lambda: runtime)
    monkeypatch.setattr(context, "wheel", lambda directory: (directory / "x.whl").touch())
    job = tmp_path / "late.py"
    job.write_text("print()")
    job.chmod(0o600)
    (tmp_path / "model" / "__pycache__").mkdir(parents=True)
    (tmp_path / "model" / "__pycache__" / "x.pyc").write_text("")
    (tmp_path / "model" / "weights.bin").write_text("w")
    target = tmp_path / "context"
    target.mkdir()
    context.lay_out(Contents(job_files=[job, tmp_path / "model"]), target)
    return target


def test_the_job_and_its_folders_can_be_read_by_every_user(laid_out: Path) -> None:
    files = sorted(str(p.relative_to(laid_out / "job")) for p in (laid_out / "job").rglob("*"))
    assert files == ["late.py", "model", "model/weights.bin"]
    assert (laid_out / "job" / "late.py").stat().st_mode & 0o777 == 0o644


def test_the_context_has_the_dockerfile_and_every_folder_that_it_copies(laid_out: Path) -> None:
    text = (laid_out / "Dockerfile").read_text()
    copied = {
        line.split()[1].rstrip("/")
        for line in text.splitlines()
        if line.startswith("COPY ") and "--from" not in line
    }
    assert copied == {"requirements", "packages", "wheel", "jars", "jre", "job"}
    assert {folder.name for folder in laid_out.iterdir() if folder.is_dir()} == copied
    assert (laid_out / "requirements" / "job.txt").read_text() == ""
    assert (laid_out / "jre" / "bin" / "java").is_file()


def test_the_moment_of_a_build_does_not_change_its_context(laid_out: Path) -> None:
    times = {
        path.stat().st_mtime
        for path in laid_out.rglob("*")
        if path.is_file() and path.name not in {"java", "x.whl"}
    }
    assert times == {1_767_225_600.0}


def test_an_offline_directory_without_packages_is_told(tmp_path: Path) -> None:
    contents = Contents(packages=tmp_path)
    (tmp_path / "context").mkdir()
    with pytest.raises(ImageError, match="there are no Python packages in") as refusal:
        context.lay_out(contents, tmp_path / "context")
    assert "flinksec image fetch" in str(refusal.value.hint)


def test_an_installed_wheel_is_packed_again_with_all_of_its_files(tmp_path: Path) -> None:
    installed = importlib.metadata.distribution("click")
    made = context.repacked(installed, tmp_path)
    assert made.name == f"click-{installed.version}-py3-none-any.whl"
    with zipfile.ZipFile(made) as archive:
        names = set(archive.namelist())
        record = f"click-{installed.version}.dist-info/RECORD"
        rows = {row[0]: row for row in csv.reader(io.StringIO(archive.read(record).decode()))}
        assert {"click/__init__.py", record, record.replace("RECORD", "METADATA")} <= names
        assert not any(name.endswith((".pyc", "INSTALLER", "REQUESTED")) for name in names)
        assert rows.keys() == names
        for name in names - {record}:
            content = archive.read(name)
            digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert rows[name][1:] == [f"sha256={digest}", str(len(content))]


def test_what_was_not_installed_from_a_wheel_is_not_packed(tmp_path: Path) -> None:
    editable = importlib.metadata.distribution("flinksec-jobs")
    with pytest.raises(ImageError, match="was not installed from a wheel"):
        context.repacked(editable, tmp_path)


@pytest.mark.parametrize(
    ("job", "name"),
    [("my_job", "my-job"), ("Flight-Delays", "flight-delays"), ("a__b.c", "a-b-c")],
)
def test_an_image_is_named_after_its_job(job: str, name: str) -> None:
    assert image_name(job) == name


def test_a_job_that_gives_no_name_needs_a_tag() -> None:
    with pytest.raises(ImageError, match="no image can be named after '___'") as refusal:
        image_name("___")
    assert "--tag" in str(refusal.value.hint)


def test_what_is_no_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is not a PyFlink program"):
        build_job(Job([tmp_path]), Options(), Tool("podman"), lambda _: None)


@pytest.mark.parametrize(
    ("settings", "mode"),
    [
        (None, "thread"),
        ("", "thread"),
        ('[python]\nexecution_mode = "thread"\n', "thread"),
        ('[python]\nexecution_mode = "process"\n', "process"),
    ],
)
def test_the_packages_are_those_of_the_mode_in_the_settings_beside_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str | None, mode: str
) -> None:
    told = {}

    def lay_out(contents: Contents, directory: Path, progress: object = None) -> Path:
        return directory / "Dockerfile"

    class Recorder(Tool):
        def build(self, build: object, progress: object) -> None:
            told.update(build.arguments)  # type: ignore[attr-defined]

    monkeypatch.setattr(context, "lay_out", lay_out)
    job = tmp_path / "late.py"
    job.write_text("")
    if settings is not None:
        job.with_suffix(".toml").write_text(settings)
    build_job(Job([job]), Options(base_image="base"), Recorder("podman"), lambda _: None)
    assert told["EXECUTION_MODE"] == mode
    assert told["JOB"] == "late.py"
    assert told["TITLE"] == "late"
    assert told["BASE_IMAGE"] == "base"


def test_a_folder_that_is_no_repository_has_no_revision(tmp_path: Path) -> None:
    assert revision(tmp_path) == ""
