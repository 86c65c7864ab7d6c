# SPDX-License-Identifier: Apache-2.0
"""The rooms of the package: on which floor each is, and that imports only run down the stairs."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.manifests import rules
from flinksec_jobs.manifests.flink import rules as flink_rules

PACKAGE = Path(__file__).parents[2] / "flinksec_jobs"

FLOORS: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (subject, frozenset(rooms.split()))
    for subject, rooms in (
        ("the version", "version"),
        ("YAML as Kubernetes reads it", "kubernetes_yaml"),
        ("text", "escaping parsing placeholders yaml_writing"),
        ("errors", "errors"),
        ("what is wrong, and choices", "findings choices job_name index_names"),
        ("servers' answers", "refusals"),
        ("bad records, and what is registered by name", "bad_records registry"),
        ("files", "files file_locks private_files shipped"),
        ("what Elasticsearch is to have", "index_setup"),
        ("secrets", "secrets"),
        ("sealed state", "sealed"),
        ("Java's old key stores", "jks"),
        ("what settings are made of", "sections"),
        ("files of settings", "path_checks"),
        ("what holds keys", "key_providers"),
        ("logins, which the settings choose from", "logins"),
        ("settings", "settings"),
        (
            "what settings mean for a JVM, and for Python",
            "kerberos ticket_cache tls certificates monitoring",
        ),
        ("files of Hadoop's configuration", "hadoop_files"),
        ("Hadoop's configuration", "hadoop_conf"),
        ("files of TLS", "tls_files"),
        ("Kafka over TLS, and servers over HTTPS", "kafka_tls https"),
        ("Kafka's client in Python", "kafka_python"),
        ("Flink, its jars and its JVM", "runtime"),
        ("Flink's REST interface in a cluster", "flink_rest"),
        ("records", "records"),
        (
            "streams of records",
            "record_sink keyed left_out delivery encoded_lines file_columns held_bytes "
            "partition_patterns",
        ),
        ("functions in batches", "functions"),
        ("how long certificates last", "certificate_dates"),
        ("what is wrong with files", "file_checks"),
        ("what connectors register", "uses"),
        ("what formats ask", "schema_registry"),
        ("formats", "formats"),
        ("layouts of files", "file_layout"),
        ("Kafka", "kafka"),
        ("other connectors", "elasticsearch hdfs state"),
        ("other connectors as sources", "hdfs_source"),
        ("dead letters", "dead_letters"),
        ("tables of Flink SQL", "sql"),
        ("where a job goes on from", "resume"),
        ("Flink's options of a job", "job_options"),
        ("what a job is built in", "session"),
        ("jobs that go on in the background", "in_background"),
        ("the run of a job", "job_run"),
        ("what a job does with one kind of server", "job_kafka"),
        ("what a job reads from other servers", "job_hdfs"),
        ("what a job does with tables", "job_sql"),
        ("jobs", "job"),
        ("jobs of SQL alone", "sql_job"),
        ("certificates of a cluster", "certs"),
        ("what runs in a container", "cluster"),
        ("a job looked at where it runs", "job_check"),
        ("images and manifests", "image manifests scaffold"),
        ("the life of a job on Kubernetes", "deploy"),
        ("servers to try it on", "sandbox"),
        ("the demo", "demo"),
        ("topics of dead letters", "dead_letter_topics"),
        ("a diagnosis", "doctor"),
        ("the command line", "cli"),
        ("the package itself", "flinksec_jobs __main__"),
    )
)
"""From the ground up: a room may import what is on a floor below its own, and nothing else."""

# An error carries the findings that it tells of, and knows of them as a type only.
_FOR_A_TYPE = ("flinksec_jobs.errors", "flinksec_jobs.findings")

# These import by a name that is made when they run: a package is a caller's own, or below itself.
_BY_A_MADE_NAME = {
    "flinksec_jobs",
    "flinksec_jobs.cli",
    "flinksec_jobs.manifests.check",
    "flinksec_jobs.registry",
    "flinksec_jobs.runtime.java",
}

# What a file may share its name with: one word for the section of the settings, the command and
# the room that it is about, and for a rule and its subject.
_ABOUT = ("cli/", "settings/", "manifests/rules/", "manifests/flink/rules/")


def _modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def _imports() -> Iterator[tuple[str, str]]:
    """Every import of the package's own, also within functions and for types only."""
    modules = _modules()
    for module, path in modules.items():
        found = _imported(ast.parse(path.read_bytes()), set(modules))
        yield from ((module, target) for target in found if (module, target) != _FOR_A_TYPE)
    module, target = _FOR_A_TYPE
    run = _run_time(ast.parse(modules[module].read_bytes()))
    yield from ((module, one) for one in _imported(run, set(modules)) if one == target)


def _imported(tree: ast.AST, modules: set[str]) -> Iterator[str]:
    """What is imported, in whatever way: by a statement, by a call, or out of what is loaded."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name
                # `import flinksec_jobs.errors` gives the whole package by its name.
                if name.asname is None and name.name.startswith("flinksec_jobs."):
                    yield "flinksec_jobs"
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                full = f"{node.module}.{name.name}"
                yield full if full in modules else node.module
        elif isinstance(node, ast.Constant) and node.value in modules - {"flinksec_jobs"}:
            yield str(node.value)


def _run_time(tree: ast.Module) -> ast.Module:
    """The module without what only a checker of types sees."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return tree


def _imports_by_a_made_name(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(("import_module", "__import__"))
        and not (node.args and isinstance(node.args[0], ast.Constant))
        for node in ast.walk(tree)
    )


def test_every_room_stands_on_one_floor() -> None:
    listed = [room for _, rooms in FLOORS for room in rooms]
    assert sorted(listed) == sorted(set(map(_room, _modules())))


def test_imports_run_down_the_floors_only() -> None:
    floor = {room: number for number, (_, rooms) in enumerate(FLOORS) for room in rooms}
    climbing = sorted(
        f"{module} imports {target}"
        for module, target in _imports()
        if target.startswith("flinksec_jobs")
        and _room(module) != _room(target)
        and _room(module) != "flinksec_jobs"
        and floor[_room(target)] >= floor[_room(module)]
    )
    assert climbing == []


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("def late():\n    from flinksec_jobs.job import SecureJob", "flinksec_jobs.job"),
        ("from flinksec_jobs import job", "flinksec_jobs.job"),
        ("from flinksec_jobs import SecureJob", "flinksec_jobs"),
        ("from flinksec_jobs import *", "flinksec_jobs"),
        ("import flinksec_jobs.errors\nflinksec_jobs.job.SecureJob", "flinksec_jobs"),
        ("importlib.import_module('flinksec_jobs.job')", "flinksec_jobs.job"),
        ("__import__('flinksec_jobs.job')", "flinksec_jobs.job"),
        ("sys.modules['flinksec_jobs.job']", "flinksec_jobs.job"),
    ],
)
def test_no_way_to_import_is_overlooked(source: str, target: str) -> None:
    assert target in set(_imported(ast.parse(source), set(_modules())))


def test_what_is_imported_for_a_type_only_is_not_there_at_run_time() -> None:
    source = "if TYPE_CHECKING:\n    import a.b as c\nimport d"
    assert list(_imported(_run_time(ast.parse(source)), set())) == ["d"]


def test_a_name_of_a_module_is_made_in_a_few_places_only() -> None:
    made = {
        module
        for module, path in _modules().items()
        if _imports_by_a_made_name(ast.parse(path.read_bytes()))
    }
    assert made == _BY_A_MADE_NAME


def test_no_import_is_relative() -> None:
    relative = [
        f"{module}:{node.lineno}"
        for module, path in _modules().items()
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_no_two_files_of_one_name_mean_different_things() -> None:
    homes = defaultdict(list)
    for path in _modules().values():
        relative = path.relative_to(PACKAGE).as_posix()
        if path.name not in {"__init__.py", "__main__.py"} and not relative.startswith(_ABOUT):
            homes[path.name].append(relative)
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    twins = {name: at for name, at in homes.items() if len(at) > 1}
    # A file called like a room is the room's own, such as sandbox/sandbox.py.
    strays = [
        at
        for name, (at, *_) in homes.items()
        if name.removesuffix(".py") in rooms and at != f"{name.removesuffix('.py')}/{name}"
    ]
    assert twins.keys() - {"findings.py"} == set()
    assert strays == []


def test_every_file_of_rules_is_found_without_being_listed() -> None:
    for room in (rules, flink_rules):
        files = {path.stem for path in Path(*room.__path__).glob("*.py")} - {"__init__"}
        assert files <= vars(room).keys()
