# SPDX-License-Identifier: Apache-2.0
"""Whoever finds something wrong says it in one shape, with an id that is declared once."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import flinksec_jobs
from flinksec_jobs.certificates import Validity
from flinksec_jobs.cli import main
from flinksec_jobs.sealed import KeyRing, SealedWriter
from tests import certificates as make

PACKAGE = Path(flinksec_jobs.__file__).parent
MODULES = {
    str(path.relative_to(PACKAGE)): ast.parse(path.read_bytes())
    for path in sorted(PACKAGE.rglob("*.py"))
}
# Of what looks like a checker by its name, that which raises, answers yes or no, or hands back
# what it has looked at.
_ANSWERS = {"None", "bool", "Path"}
# What checkers are made of, and why it is not a finding yet.
_PARTS = {
    ("sealed/verify.py", "check_name"): "a remark about one file, which its report takes up",
    ("settings/java_options.py", "problems"): "arguments of Java, wherever they stand",
}


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for module, tree in MODULES.items():
        if not module.startswith("cli/"):
            yield from ((module, node) for node in tree.body if isinstance(node, ast.FunctionDef))


def _is_checker(name: str) -> bool:
    return re.fullmatch(r"check(_\w+)?|(\w+_)?problems|weaknesses|drift", name) is not None


CHECKERS = [(m, f) for m, f in _functions() if _is_checker(f.name) and (m, f.name) not in _PARTS]


@pytest.mark.parametrize(("module", "function"), CHECKERS)
def test_a_public_checker_returns_findings(module: str, function: ast.FunctionDef) -> None:
    returned = ast.unparse(function.returns) if function.returns else ""
    is_one = re.fullmatch(r"(list|tuple|Iterator|Iterable)\[Finding(, \.\.\.)?\]", returned)
    assert is_one or returned in _ANSWERS, f"{module}: {function.name} returns {returned}"


def test_there_are_checkers_of_everything() -> None:
    found = {module for module, function in CHECKERS if "Finding" in ast.unparse(function)}
    assert found >= {
        "file_checks.py",  # files
        "settings/weak.py",  # choices
        "kerberos.py",  # keytabs
        "certificate_dates.py",
        "certs/judgement.py",  # stores
        "cluster/flink_conf_problems.py",  # Flink's configuration
        "cluster/flink_conf_drift.py",
        "cluster/start_options.py",  # the command line, the environment
        "cluster/process_checks.py",
        "manifests/check.py",
        "sealed/file_findings.py",  # state
        "delivery.py",  # what a job would deliver
    }


def test_no_other_class_says_what_is_wrong() -> None:
    classes = {
        (module, node.name)
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Finding", "Problem", "Warning"))
    }
    assert classes == {("findings.py", "Finding")}


def _called(*names: str) -> Iterator[tuple[str, ast.Call]]:
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and isinstance(called, ast.Name) and called.id in names:
                yield module, node


def test_a_finding_is_made_by_its_kind_alone() -> None:
    assert {module for module, _ in _called("Finding")} == {"findings.py"}


def test_a_kind_is_described_in_half_a_sentence() -> None:
    for module, node in _called("problem", "warning", "note"):
        texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
        if len(texts) == 2:  # else it is a rule of manifests, whose decorator declares it
            id_, meaning = map(str, texts)
            assert not meaning.endswith("."), f"{module}: {id_}"
            assert len(meaning) < 100, f"{module}: {id_}"


def test_every_kind_that_is_declared_is_found_by_something() -> None:
    loaded = {
        one.id if isinstance(one, ast.Name) else one.attr
        for tree in MODULES.values()
        for one in ast.walk(tree)
        if isinstance(one, ast.Name | ast.Attribute) and isinstance(one.ctx, ast.Load)
    }
    declared = {
        target.id
        for tree in MODULES.values()
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id in {"problem", "warning", "note"}
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert len(declared) > 100
    assert sorted(declared - loaded) == []


def test_every_finding_has_a_way_out() -> None:
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "fix":
                is_empty = isinstance(node.value, ast.Constant) and not node.value.value
                assert not is_empty, f"{module}: line {node.value.lineno}"


# How a command that checks ends: 0 if there is no problem, else 1, and 2 for a wrong command line.


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), stdin, env={"FLINKSEC_SETTINGS": ""})


def settings(tmp_path: Path) -> tuple[object, ...]:
    file = tmp_path / "job.toml"
    file.write_text(f'[elasticsearch]\nhosts = ["http://a:1"]\npassword = "{tmp_path}/secret"\n'
                    'username = "u"\nverification = "none"\n')  # fmt: skip
    return "settings", "check", file


def well_and_wrong(command: str, tmp_path: Path) -> tuple[Result, Result]:
    """Run a command over what has a warning at most, and over what has a problem."""
    arguments: tuple[object, ...]
    if command == "settings check":
        arguments = settings(tmp_path)
        (tmp_path / "secret").write_text("x")
        (tmp_path / "secret").chmod(0o600)
        well = run(*arguments)
        (tmp_path / "secret").chmod(0o644)
        return well, run(*arguments)
    if command == "certs inspect":
        results = []
        now = datetime.now(UTC)
        for ends in (5, -5):
            valid = Validity(now - timedelta(days=9), now + timedelta(days=ends))
            identity = make.self_signed(valid)
            party = make.party(identity, identity.certificate)
            results.append(run("certs", "inspect", make.write(tmp_path / f"{ends}" / "i", party)))
        return results[0], results[1]
    if command == "manifests check":
        text = "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: x\n"
        arguments = ("manifests", "check")
        return run(*arguments, stdin=text), run(*arguments, stdin=f"{text}---\n{text}")
    ring = KeyRing.create(tmp_path / "ring")
    with SealedWriter(tmp_path / "state" / "a", ring) as file:
        file.write(b"x")
    arguments = ("state", "verify", tmp_path / "state", "--keys", ring.directory)
    well = run(*arguments)
    (tmp_path / "state" / "b").write_text("in clear")
    return well, run(*arguments)


@pytest.mark.parametrize(
    "command", ["settings check", "certs inspect", "manifests check", "state verify"]
)
def test_a_command_that_checks_ends_with_1_if_there_is_a_problem_and_shows_it(
    command: str, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    well, wrong = well_and_wrong(command, tmp_path)
    assert (well.exit_code, wrong.exit_code) == (0, 1), well.output + wrong.output
    assert "problem: " not in well.output
    assert re.search(r"^problem: .* \[[a-z0-9-]+\]\n  hint: .+$", wrong.stdout, re.MULTILINE)
    assert run(*command.split(), "--no-such-option").exit_code == 2
