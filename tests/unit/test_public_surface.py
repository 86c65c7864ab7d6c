# SPDX-License-Identifier: Apache-2.0
"""What ``import flinksec_jobs`` gives: few names, each explained, at once."""

import inspect
import subprocess
import sys

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


def test_there_are_few_public_names_and_all_can_be_had() -> None:
    assert len(flinksec_jobs.__all__) <= 15
    assert flinksec_jobs.__all__ == sorted(flinksec_jobs.__all__, key=lambda n: (n.islower(), n))
    for name in flinksec_jobs.__all__:
        assert getattr(flinksec_jobs, name).__name__ == name


def test_every_public_name_and_its_methods_are_explained() -> None:
    for name in flinksec_jobs.__all__:
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
    program = "from flinksec_jobs import SecureJob, load, record"
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
