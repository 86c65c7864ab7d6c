# SPDX-License-Identifier: Apache-2.0
"""What is in the image and in all of its layers, and what can be written in a container of it."""

import json
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from flinksec_jobs.image.build import revision
from tests.image.containers import IMAGE, MEMORY, podman, restricted

ROOT = Path(__file__).parents[2]
# In the pip.conf with which scripts/image.sh builds, as the password of an index would be.
MARKER = Path(os.environ["CONTAINERS_STORAGE_CONF"]).with_name("pip.conf")
WRITES = """
import os
written = []
for folder, folders, _ in os.walk("/"):
    folders[:] = [f for f in folders if os.path.join(folder, f) not in ("/proc", "/sys")]
    path = os.path.join(folder, "written-by-a-test")
    try:
        open(path, "w").close()
        os.remove(path)
        written.append(folder)
    except OSError as error:
        pass
print("\\n".join(written))
"""
# Of every container, whatever its image: shared memory and the standard streams.
OF_THE_RUNTIME = {"/dev", "/dev/shm", "/dev/mqueue"}


@pytest.fixture(scope="module")
def inspected() -> dict[str, object]:
    (found,) = json.loads(podman("image", "inspect", IMAGE))
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def bill() -> dict[str, object]:
    program = "print(open('/opt/flinksec/sbom.cdx.json').read())"
    found: dict[str, object] = json.loads(restricted(IMAGE, program))
    return found


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The image with every layer of its own, uncompressed."""
    path = tmp_path_factory.mktemp("layers") / "image.tar"
    podman("save", "--format=docker-archive", "--output", path, IMAGE)
    yield path
    path.unlink()


def find(archive: Path, words: list[bytes]) -> list[bytes]:
    """Which words are anywhere in a file, read in pieces that overlap."""
    longest = max(map(len, words))
    found, before = set(), b""
    with archive.open("rb") as file:
        while piece := file.read(1 << 24):
            found |= {word for word in words if word in before + piece}
            before = piece[-longest:]
    return sorted(found)


def test_only_the_declared_mounts_can_be_written() -> None:
    written = set(restricted(IMAGE, WRITES).split())
    assert set(MEMORY) <= written
    outside = {
        path
        for path in written - OF_THE_RUNTIME
        if not path.startswith(tuple(f"{one}/" for one in MEMORY)) and path not in MEMORY
    }
    assert outside == set()


def test_no_secret_of_the_build_is_in_any_layer_or_in_the_history(
    layers: Path, inspected: dict[str, object]
) -> None:
    (password,) = re.findall(r"^# password = (\w{32,})$", MARKER.read_text(), re.MULTILINE)
    known = b"org.opencontainers.image.title"
    assert find(layers, [password.encode(), known]) == [known]
    assert password not in json.dumps(inspected)
    told = json.dumps([inspected["Config"], inspected["History"], inspected["Labels"]]).lower()
    assert [word for word in ("password=", "token", "-----begin") if word in told] == []


def files_of(archive: Path) -> Iterator[tuple[str, bytes]]:
    """The smaller files of all layers."""
    with tarfile.open(archive) as image:
        for name in image.getnames():
            layer = image.extractfile(name) if name.endswith(".tar") else None
            if layer is None:
                continue
            with tarfile.open(fileobj=layer) as files:
                for file in files:
                    if file.isfile() and file.size < 1 << 20:
                        content = files.extractfile(file)
                        assert content is not None
                        yield file.name, content.read()


def test_no_private_key_is_in_any_layer(layers: Path) -> None:
    key = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n[\w+/]{40}")
    searched = {name: key.search(content) for name, content in files_of(layers)}
    assert "opt/job/flight_delays.py" in searched
    assert [name for name, found in searched.items() if found] == []


def test_it_runs_as_a_numeric_user_and_says_what_it_is(inspected: dict[str, object]) -> None:
    config = inspected["Config"]
    assert isinstance(config, dict)
    assert config["User"] == "10001:0"
    assert config["Entrypoint"] == ["/opt/flinksec/bin/flinksec"]
    labels = config["Labels"]
    prefix = "org.opencontainers.image."
    assert labels[f"{prefix}title"] == "flight-delays"
    assert labels[f"{prefix}version"]
    assert labels[f"{prefix}revision"] == revision(ROOT)
    assert labels[f"{prefix}base.name"]


def test_its_bill_of_materials_is_valid_and_names_every_part(bill: dict[str, object]) -> None:
    text = json.dumps(bill)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    for part in (
        "pkg:pypi/apache-flink@2.2.1",
        "pkg:pypi/flinksec-jobs@",
        "pkg:maven/org.apache.flink/flink-dist@2.2.1",
        "pkg:maven/org.apache.hadoop/hadoop-client-runtime@3.4.3",
        "pkg:generic/openjdk@17",
        "pkg:deb/debian/libc6@",
    ):
        assert part in text


def test_the_bill_beside_the_image_is_the_one_in_it(bill: dict[str, object]) -> None:
    assert json.loads((ROOT / "dist" / "flight-delays.cdx.json").read_text()) == bill


def test_there_is_one_flink_and_nothing_that_only_builds() -> None:
    program = """
import glob, importlib.util as u, json, os, subprocess
print(json.dumps({
    "dist": subprocess.run(["find", "/", "-xdev", "-name", "flink-dist*.jar"],
                           capture_output=True, text=True).stdout.split(),
    "modules": [m for m in ("pip", "setuptools", "apache_beam", "pandas", "pyarrow", "numpy",
                            "hatchling", "jgo", "pyflink", "pemja") if u.find_spec(m)],
    "own": sorted(os.path.basename(p) for p in glob.glob(
        "/opt/flinksec/lib/python3*/site-packages/flinksec_jobs/lib/*.jar")),
}))
"""
    found = json.loads(restricted(IMAGE, program))
    assert found["dist"] == ["/opt/flink/lib/flink-dist-2.2.1.jar"]
    assert found["modules"] == ["pyflink", "pemja"]
    assert found["own"] == [
        *(
            "flinksec-gateway.jar",
            "flinksec-hadoop.jar",
            "flinksec-high-availability.jar",
        ),
        *("flinksec-logging.jar", "flinksec-metrics.jar"),
        *("flinksec-sealed-state.jar", "flinksec-secure-connectors.jar"),
    ]


def test_no_file_of_ours_can_be_written_by_others_or_is_closed_to_them() -> None:
    program = (
        "import subprocess; print(subprocess.run(['find', '/opt', '-not', '-type', 'l', '(', "
        "'-perm', '/022', '-o', '-not', '-perm', '-004', ')'], capture_output=True, "
        "text=True).stdout, end='')"
    )
    assert restricted(IMAGE, program) == ""
