# SPDX-License-Identifier: Apache-2.0
"""What ``import flinksec_jobs`` gives: few names, each explained, at once."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import flinksec_jobs
from flinksec_jobs import errors

HEAVY = ("pyflink", "py4j", "pydantic", "cryptography", "jgo", "click")


def loaded_after(program: str) -> set[str]:
    """The packages that a program has loaded in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


PUBLIC = [
    "FlinkSecError",
    "JavaNotFoundError",
    "JobError",
    "ResumeError",
    "Sandbox",
    "SealedStateError",
    "SecureJob",
    "Settings",
    "SettingsError",
    "__version__",
    "fast",
    "field",
    "key_by_field",
    "load_settings",
    "map_batches",
    "process_batches",
    "record",
    "row_type",
]
METHODS = [
    "elasticsearch_table",
    "env",
    "execute",
    "execute_async",
    "from_hdfs",
    "from_kafka",
    "guard",
    "kafka_properties",
    "log_file",
    "register",
    "sql",
    "table",
    "tables",
    "to_elasticsearch",
    "to_hdfs",
    "to_kafka",
]


def test_a_job_imports_these_names_and_no_others() -> None:
    assert flinksec_jobs.__all__ == PUBLIC
    for name in flinksec_jobs._HOMES:
        assert getattr(flinksec_jobs, name).__name__ == name
    assert re.fullmatch(r"\d+\.\d+\.\d+", flinksec_jobs.__version__)
    # What a type checker sees is what Python gives.
    assert flinksec_jobs._HOMES.keys() == set(PUBLIC) - {"__version__"}


def test_a_job_has_these_methods_and_no_others() -> None:
    members = [name for name in dir(flinksec_jobs.SecureJob) if not name.startswith("_")]
    assert sorted(members) == METHODS


def test_every_public_name_and_its_methods_are_explained() -> None:
    for name in set(PUBLIC) - {"__version__"}:
        thing = getattr(flinksec_jobs, name)
        assert inspect.getdoc(thing), name
        for member, value in vars(thing).items() if inspect.isclass(thing) else ():
            ours = getattr(value, "__module__", "").startswith("flinksec_jobs")
            if not member.startswith("_") and (ours or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{member}"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'SecretJob'"):
        flinksec_jobs.SecretJob  # noqa: B018


def test_importing_the_library_loads_nothing_heavy() -> None:
    assert loaded_after("import flinksec_jobs") & set(HEAVY) == set()


def test_pyflink_is_loaded_only_when_a_job_is_prepared() -> None:
    program = "from flinksec_jobs import SecureJob, load_settings, record"
    assert loaded_after(program) & {"pyflink", "py4j", "jgo"} == set()


def test_all_errors_are_of_one_family_and_carry_a_hint() -> None:
    classes = [
        thing
        for _, thing in inspect.getmembers(errors, inspect.isclass)
        if issubclass(thing, BaseException)
    ]
    assert len(classes) > 5
    for error in classes:
        assert issubclass(error, flinksec_jobs.FlinkSecError)
        assert str(error("it failed", hint="mend it")) == "it failed\n  hint: mend it"
        assert str(error("it failed")) == "it failed"


def test_the_tree_of_errors_has_every_error_and_a_star_at_those_that_are_public() -> None:
    drawn = dict(re.findall(r"[├└]── (\w+)( \*)?", str(errors.__doc__)))
    package = Path(errors.__file__).parent
    found = [
        node.name
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ClassDef) and "FlinkSecError" in map(ast.unparse, node.bases)
    ]
    assert sorted(drawn) == sorted(found)
    public = {name for name, star in drawn.items() if star} | {"FlinkSecError"}
    assert public == {name for name in PUBLIC if name.endswith("Error")}
    assert all(f"`{name}`" in str(errors.__doc__) for name in public)


def test_what_mypy_checks_of_the_public_names_is_never_collected() -> None:
    root = Path(__file__).parents[2]
    typed = root / "tests" / "typing"
    patterns = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["mypy"]["files"]
    assert "tests" in patterns
    found = list(typed.glob("*.py"))
    assert found == [typed / "api.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", typed],
        cwd=root,
        check=False,
        capture_output=True,
        text=True,
    )
    assert "no tests collected" in done.stdout
    names = {
        alias.name
        for node in ast.walk(ast.parse(found[0].read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "flinksec_jobs"
        for alias in node.names
    }
    assert names == set(PUBLIC) - {"__version__"}
