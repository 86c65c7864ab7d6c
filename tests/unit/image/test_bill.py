# SPDX-License-Identifier: Apache-2.0
"""The bill of materials is one, and tells every jar by its hash."""

import hashlib
import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from flinksec_jobs.image import bill
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.artifacts import LockedJar


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, Path]:
    """Flink, Java and jars, one of which the lock knows."""
    flink, java, jars = (tmp_path / name for name in ("flink", "java", "jars"))
    for folder in (flink / "lib", java, jars):
        folder.mkdir(parents=True)
    (flink / "lib" / "flink-dist-2.2.1.jar").write_text("dist")
    (flink / "lib" / "odd.jar").write_text("odd")
    (jars / "hadoop-client-api-3.4.3.jar").write_text("hadoop")
    (java / "release").write_text(
        'JAVA_VERSION="17.0.15"\nJAVA_RUNTIME_VERSION="17.0.15+6"\nMODULES="java.base java.sql"\n'
    )
    digest = hashlib.sha256(b"hadoop").hexdigest()
    known = LockedJar(
        "hadoop-client-api-3.4.3.jar", "org.apache.hadoop:hadoop-client-api:3.4.3", digest, 6
    )
    monkeypatch.setattr(artifacts, "set_names", lambda: ["hadoop-client"])
    monkeypatch.setattr(artifacts, "locked_jars", lambda _: [known])
    return flink, java, jars


def test_every_coordinate_of_the_lock_has_an_address_in_the_bill() -> None:
    seen = set()
    for name in artifacts.set_names():
        for jar in artifacts.locked_jars(name):
            _, artifact, version, classifier = bill._coordinate(jar.name, jar.coordinate)
            assert jar.name.startswith(
                "-".join(filter(None, (artifact, version, classifier))) + "."
            )
            seen.add(classifier)
    assert {"", "nohive"} <= seen


@pytest.mark.slow
def test_it_is_valid_cyclonedx(homes: tuple[Path, Path, Path]) -> None:
    document = bill.bill("late", bill.of_this_system(*homes))
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document))
    assert problem is None


def test_jars_have_coordinates_and_hashes(homes: tuple[Path, Path, Path]) -> None:
    flink, _, jars = homes
    found = {component["name"]: component for component in bill.jar_files(flink, jars)}
    assert found["hadoop-client-api"]["purl"] == (
        "pkg:maven/org.apache.hadoop/hadoop-client-api@3.4.3"
    )
    assert found["flink-dist"]["purl"] == "pkg:maven/org.apache.flink/flink-dist@2.2.1"
    assert "purl" not in found["odd"]
    digest = hashlib.sha256(b"odd").hexdigest()
    assert found["odd"]["hashes"] == [{"alg": "SHA-256", "content": digest}]


def test_java_is_told_with_its_modules(homes: tuple[Path, Path, Path]) -> None:
    component = bill.java(homes[1])
    assert component["purl"] == "pkg:generic/openjdk@17.0.15%2B6"
    assert component["properties"][0]["value"] == "java.base java.sql"


def test_python_packages_are_those_that_are_installed() -> None:
    purls = [component["purl"] for component in bill.python_packages()]
    assert any(purl.startswith("pkg:pypi/apache-flink@2.2.1") for purl in purls)
    assert any(purl.startswith("pkg:pypi/ruamel-yaml@") for purl in purls)


def test_the_same_contents_give_the_same_bill_and_others_another(
    homes: tuple[Path, Path, Path],
) -> None:
    first = bill.bill("late", bill.of_this_system(*homes))
    assert bill.bill("late", bill.of_this_system(*homes)) == first
    (homes[0] / "lib" / "odd.jar").write_text("altered")
    altered = bill.bill("late", bill.of_this_system(*homes))
    assert altered["serialNumber"] != first["serialNumber"]


def test_the_image_depends_on_every_component(homes: tuple[Path, Path, Path]) -> None:
    document = bill.bill("late", bill.of_this_system(*homes))
    references = [component["bom-ref"] for component in document["components"]]
    assert len(set(references)) == len(references) > 5
    assert document["dependencies"] == [{"ref": "image", "dependsOn": references}]
