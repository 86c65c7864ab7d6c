# SPDX-License-Identifier: Apache-2.0
"""Writes the parts of the documentation that are derived from the code: `make docs`.

A page is written whole (docs/api.md), or between two comments (the settings, the refusals). A test
writes them again and compares.
"""

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import griffe

import flinksec_jobs
from flinksec_jobs import findings, logins, refusals
from flinksec_jobs.monitoring import catalogue
from flinksec_jobs.settings import reference

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests know the floors
_LINE = 88
_HEADS = {
    griffe.DocstringSectionKind.parameters: "Argument",
    griffe.DocstringSectionKind.attributes: "Attribute",
}
_TABLES = {
    "Kerberos": refusals.KERBEROS,
    "Kafka": refusals.KAFKA,
    **{f"Kafka, by {name}": logins.mechanism(name).causes for name in logins.mechanisms()},
    "Kafka, without SASL": logins.WithoutSasl.causes,
    "Schema registry": refusals.SCHEMA_REGISTRY,
    "Elasticsearch": refusals.ELASTICSEARCH,
    "HDFS": refusals.HDFS,
}
_API = """# API

What a job imports from `flinksec_jobs`, and no more. Written by `make docs` from the docstrings.
"""


def written() -> dict[str, str]:
    """Return every page that holds something derived, by its path, as it should be."""
    return {
        "docs/api.md": api(),
        "docs/settings.md": between("docs/settings.md", "settings", reference.markdown()),
        "CONTRIBUTING.md": between("CONTRIBUTING.md", "rooms", rooms()),
        "docs/monitoring.md": between("docs/monitoring.md", "metrics", catalogue.markdown()),
        "docs/findings.md": between("docs/findings.md", "kinds", kinds()),
        "docs/troubleshoot.md": between("docs/troubleshoot.md", "refusals", refused()),
    }


def between(page: str, name: str, text: str) -> str:
    """Return a page with a text between the two comments of a name."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = (ROOT / page).read_text("utf-8").partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise SystemExit(f"{page} lacks {begin}{end}")
    return f"{before}{begin}{text}{end}{after}"


def rooms() -> str:
    """Return the floors of the package from the top down, with what each room is for."""
    from tests.unit.test_rooms import FLOORS

    lines = ["| Floor | Rooms |", "|---|---|"]
    for floor, names in reversed(FLOORS):
        listed = "; ".join(f"`{name}`: {_purpose(name)}" for name in sorted(names))
        lines.append(f"| {floor} | {listed} |")
    return "\n".join(lines) + "\n"


def _purpose(room: str) -> str:
    """Return the first sentence of a room's docstring."""
    package = ROOT / "flinksec_jobs"
    places = [package / room / "__init__.py", package / f"{room}.py", package / "__init__.py"]
    file = next(place for place in places if place.is_file())
    told = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return _line(told.split("\n\n")[0]).removesuffix(".")


def kinds() -> str:
    """Return a table for each severity: the id of every kind of finding, and what it means."""
    for module in pkgutil.walk_packages(flinksec_jobs.__path__, "flinksec_jobs."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    tables = []
    for severity in findings.SEVERITIES:
        known = [kind for _, kind in sorted(findings.KINDS.items()) if kind.severity == severity]
        lines = [f"## {severity.capitalize()}s", "", "| Id | What it means |", "|---|---|"]
        lines += [f"| `{kind.id}` | {kind.meaning} |" for kind in known]
        if known:
            tables.append("\n".join(lines))
    return "\n\n".join(tables) + "\n"


def refused() -> str:
    """Return a table for each system: what its clients say, the setting, the way out."""
    tables = []
    for system, causes in _TABLES.items():
        parts: dict[tuple[str, str, str], list[str]] = {}
        for cause in causes:
            row = (cause.setting, cause.hint, cause.kind.id)
            parts.setdefault(row, []).append(f"`{cause.part}`")
        lines = [
            f"### {system}",
            "",
            "| Text in the message | Setting | What to do | Id |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {', '.join(texts)} | {_cell(setting)} | {hint} | `{kind}` |"
            for (setting, hint, kind), texts in parts.items()
        ]
        tables.append("\n".join(lines))
    return "\n\n".join(tables) + "\n"


def _cell(setting: str) -> str:
    return f"`{setting}`" if re.fullmatch(r"[a-z_]+\.[a-z_0-9.]+", setting) else setting


def api() -> str:
    """Return the page of the public names."""
    parts = [_API]
    for name in flinksec_jobs.__all__:
        value = getattr(flinksec_jobs, name)
        if isinstance(value, str):
            parts.append(f"## `{name}`\n\nThe version of the library, a `str`.\n")
            continue
        found = _module(value.__module__)[value.__qualname__]
        parts += _described(found, name, "##", list(_inherited(value)))
    return "\n".join(parts)


def _module(name: str) -> griffe.Module:
    """Read one module without importing it."""
    file = Path(sys.modules[name].__file__ or "")
    return griffe.visit(
        name, filepath=file, code=file.read_text("utf-8"), docstring_parser=griffe.Parser.google
    )


def _inherited(value: object) -> Iterator[griffe.Object]:
    """Yield what a public class has from classes of ours that are not public."""
    own = vars(value) if isinstance(value, type) else {}
    for base in getattr(value, "__mro__", ())[1:]:
        if base.__module__.startswith("flinksec_jobs") and base.__name__ not in (
            flinksec_jobs.__all__
        ):
            members = _module(base.__module__)[base.__qualname__].members
            for name, member in members.items():
                if name not in own and isinstance(member, griffe.Object):
                    yield member


def _described(
    found: griffe.Object, name: str, level: str, inherited: Sequence[griffe.Object] = ()
) -> Iterator[str]:
    yield f"{level} `{name}`\n"
    if not found.has_labels("property"):
        yield f"```text\n{_signature(found, name)}\n```\n"
    yield from _sections(found)
    if found.is_class:
        for member in (*found.members.values(), *inherited):
            if isinstance(member, griffe.Object) and _is_public(member):
                yield from _described(member, f"{name}.{member.name}", "###")


def _is_public(member: griffe.Object) -> bool:
    callable_ = member.is_function or member.has_labels("property")
    return callable_ and member.has_docstring and not member.name.startswith("_")


def _signature(found: griffe.Object, name: str) -> str:
    function = found.members.get("__init__") if found.is_class else found
    if not isinstance(function, griffe.Function):
        return name
    shown = []
    for parameter in function.parameters:
        if parameter.name == "self":
            continue
        if parameter.kind is griffe.ParameterKind.keyword_only and "*" not in shown:
            shown.append("*")
        shown.append(_parameter(parameter))
    returns = f" -> {function.returns}" if function.returns and not found.is_class else ""
    line = f"{name}({', '.join(shown)}){returns}"
    if len(line) <= _LINE:
        return line
    return f"{name}(\n" + "".join(f"    {part},\n" for part in shown) + f"){returns}"


def _parameter(parameter: griffe.Parameter) -> str:
    star = "*" if parameter.kind is griffe.ParameterKind.var_positional else ""
    text = f"{star}{parameter.name}"
    if parameter.annotation is not None:
        text += f": {parameter.annotation}"
    if parameter.default is not None and not star:
        text += f" = {parameter.default}"
    return text


def _sections(found: griffe.Object) -> Iterator[str]:
    if found.docstring is None:
        return
    for section in found.docstring.parsed:
        kind, value = section.kind, section.value
        if kind is griffe.DocstringSectionKind.text:
            yield _markdown(value) + "\n"
        elif kind in _HEADS:
            yield _table(_HEADS[kind], ((one.name, one.description) for one in value))
        elif kind is griffe.DocstringSectionKind.raises:
            yield _table("Raises", ((str(one.annotation), one.description) for one in value))
        elif kind is griffe.DocstringSectionKind.returns:
            yield "Returns: " + _line(" ".join(one.description for one in value)) + "\n"


def _table(head: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| `{name}` | {_line(meaning)} |" for name, meaning in rows]
    return "\n".join([f"| {head} | |", "|---|---|", *lines]) + "\n"


def _line(text: str) -> str:
    return _markdown(" ".join(text.split())).replace("|", "\\|")


def _markdown(text: str) -> str:
    """Return a docstring's text with Markdown's backticks, and its examples fenced."""
    text = re.sub(r"``(.+?)``", r"`\1`", text)
    return re.sub(r"::\n\n((?:    .*\n?|\n)+)", _fenced, text).strip()


def _fenced(match: re.Match[str]) -> str:
    lines = [line.removeprefix("    ") for line in match[1].rstrip().split("\n")]
    return ":\n\n```text\n" + "\n".join(lines) + "\n```\n\n"


def main() -> None:
    """Write every page that is not as it should be."""
    for page, text in written().items():
        path = ROOT / page
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"{page}: written")  # noqa: T201  a command of the checkout's


if __name__ == "__main__":
    main()
