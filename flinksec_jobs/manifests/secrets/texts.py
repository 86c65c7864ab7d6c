# SPDX-License-Identifier: Apache-2.0
"""Secrets in a text of any format: what is named as one, and what looks like one.

Files in ConfigMaps are properties, XML, JSON, YAML, TOML, shell, SQL, or several of them in one,
and often templates that no parser takes. So a text is read line by line, for the ways in which all
of them put a name before a value. Every pattern begins at the edge of a word and never goes back:
the time is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from flinksec_jobs.manifests.kube.objects import words
from flinksec_jobs.manifests.secrets.command_lines import named_in_words
from flinksec_jobs.manifests.secrets.literals import REFERENCE, is_literal
from flinksec_jobs.manifests.secrets.shapes import shapes_in
from flinksec_jobs.settings.secret_names import is_secret_name

_QUOTED = r"\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+'"
_BARE = (
    r"(?:\$\{\{[^{}\n]*+\}\}|\{\{[^{}\n]*+\}\}|\$\{[^{}\n]*+\}|\$?\w*+\([^()\n]*+\)"
    r"|[^\s\"',;&{}()\[\]<>|])++"
)
# `name: value`, `"name":"value"`, `name=value`, anywhere in a line.
_PAIR = re.compile(
    r"(?<![\w.$%@-])(?<!\$\{)([\"']?)([A-Za-z_][\w./-]*+)\1[ \t]*+(?:=>|:=|\?=|=(?!=)|:)[ \t]*+"
    rf"({_QUOTED}|{_BARE})"
)
# The same with a value up to the end of the line, as properties and YAML have it.
_LINE = re.compile(
    r"[ \t]*+(?:[-?][ \t]++)*+"
    r"(?:(?:export|set|setenv|declare|local|readonly|env|ENV|ARG|SET)[ \t]++)?+"
    r"([\"']?)([A-Za-z_.][\w./-]*+)\1[ \t]*+(=>|:=|\?=|=(?!=)|:(?=[\s\"'])|:(?!:))[ \t]*+(.*)"
)
# `requirepass value`: configuration of Redis, ZooKeeper, nginx, properties.
_TWO_WORDS = re.compile(
    r"[ \t]*+(?:set[ \t]++|setenv[ \t]++)?+([A-Za-z_.][\w.-]*+)[ \t]++([^\s=:]\S*+)[ \t]*+;?"
)
# `set("fs.s3a.secret.key", "value")` and `environ.get("PASSWORD", "value")` of a program.
_ARGUMENTS = re.compile(
    r"(?:\([ \t]*+([\"'])([A-Za-z_][\w./-]*+)\1[ \t]*+,|\[[\"']([A-Za-z_][\w./-]*+)[\"']\][ \t]*+=)"
    r"[ \t]*+(\"[^\"\s]++\"|'[^'\s]++')"
)
# `jdbc:…?user=a&password=value`, also between quotes.
_QUERY = re.compile(r"[?&;]([A-Za-z_][\w.-]*+)=([^\s\"'&;<>\\]++)")
_NETRC = re.compile(r"(?:^|\s)(?:login|user)\s+\S+\s+password\s+(\S+)")
_SQL = re.compile(
    r"(?i)\b(?:IDENTIFIED(?:[ \t]+WITH[ \t]+\w+)?[ \t]+BY|(?:ENCRYPTED[ \t]+)?PASSWORD)"
    r"[ \t]*+(?:=[ \t]*+|\([ \t]*+)?(?:PASSWORD[ \t]+)?'([^'\n]++)'"
)
# host:port:database:user:password
_PGPASS = re.compile(r"[\w.*-]++:(?:\d++|\*):[\w*-]++:[\w.*-]++:(\S++)")
_ELEMENT = re.compile(r"<([A-Za-z][\w:.-]*+)(?:[ \t][^<>]*+)?>([^<>]*+)<", re.DOTALL)
_ESCAPED = re.compile(r"(\\{0,8})\"")
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?|\\")
_COMMENT = re.compile(r"[ \t]*+(?:#|//|;|--[ \t]|!|\*[ \t]|<!--)")
_ANCHOR = re.compile(r"&[\w-]++[ \t]++")
_REMARK = re.compile(r"[ \t]++#.*")
_NAME_OF_VALUE = {"name", "key", "property", "option", "variable"}
_VALUE_OF_NAME = {"value", "val", "text", "content", "data"}
_PROSE = 4
# What stands without quotes in these is a variable or a call.
_PROGRAMS = words(".py .js .ts .java .lua .go .groovy .rb .scala .rego .kt")
_PROGRAM = re.compile(
    r"(?m)^[ \t]*+(?:def \w|class \w|from [\w.]++ import|import [\w.\"'{]|const \w|let \w"
    r"|var \w|public \w|private \w|package \w|local \w++ =)"
)
_OF_SHELL = re.compile(r"[ \t]*+(?:export[ \t]++)?+[A-Z][A-Z0-9_]*+=\S++")
_FORMATS = _PROGRAMS | words(
    ".sh .bash .yaml .yml .json .xml .properties .conf .cfg .ini .toml .md .sql .html .css .tpl "
    ".j2 .template .tmpl .hcl .tf .cue .graphql .proto .xsd .log .csv"
)
_SYSTEM_USER = re.compile(r"[\w$.{}-]+:[x*!]?:")
_USERS = re.compile(r"(?i)(?:passw\w*|credentials?|netrc|pgpass)$")


def secrets_in(name: str, content: str) -> list[str]:
    """Return what secrets a text has, each in words and without its value.

    Args:
        name: of the file, the variable or the field that the text is the value of.
        content: the text.
    """
    is_header = "authorization" in name.lower()
    found = dict.fromkeys(shapes_in(f"{name}: {content}" if is_header else content))
    if not found and _is_whole(name, content):
        return [name]
    found.update(dict.fromkeys(_named(name, content)))
    return list(found)


def _is_whole(name: str, content: str) -> bool:
    """Tell whether the text as a whole is the secret that its name says it is."""
    path = PurePosixPath(name)
    stem = path.stem if path.suffix in {*_FORMATS, ".txt", ".b64"} else name
    if not is_secret_name(stem):
        return False
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    lines = [line for line in lines if not _COMMENT.match(line)]
    if len(lines) == 1 and " " not in lines[0]:
        return is_literal(lines[0])
    if len(lines) == 1:
        return path.suffix not in _FORMATS and is_literal(lines[0]) and not _is_prose(lines[0])
    if path.suffix in _FORMATS:
        return False
    # A list of users and passwords; not that of a system, whose passwords are elsewhere.
    return bool(_USERS.search(stem)) and any(
        not line.split()[2:] and is_literal(line.split()[-1])
        for line in lines
        if not _SYSTEM_USER.match(line) and line[:1] not in "{[<-"
    )


def _named(name: str, content: str) -> Iterator[str]:
    suffix = PurePosixPath(name).suffix
    is_program = suffix in _PROGRAMS or bool(_PROGRAM.search(content))
    content = content.replace("<![CDATA[", "").replace("]]>", "")
    if "<" in content:
        yield from _of_elements(content)
    lines = content.splitlines()
    named = ""  # of the list's entry that is read, as in `- name: X` and `value: y`
    for index, line in enumerate(lines):
        if not line or line.isspace() or _COMMENT.match(line):
            continue
        program = is_program and not _OF_SHELL.fullmatch(line)
        if (match := _LINE.fullmatch(line)) and not program:
            key, value = match[2], match[4]
            leaf = key.rpartition(".")[2].lower()
            if leaf in _NAME_OF_VALUE:
                named = value.strip(" \t\"',")
            elif (
                leaf in _VALUE_OF_NAME
                and named
                and is_secret_name(named)
                and is_literal(_without_remark(value))
            ):
                yield named
            if is_secret_name(key) and _is_secret(value, match[3], lines, index):
                yield key
        yield from _in_line(line, program)
        if '\\"' in line:  # JSON in JSON
            yield from _in_line(_ESCAPED.sub(lambda m: '"' if m[1] else " ", line), program)
    for match in _SQL.finditer(content):
        if is_literal(match[1]):
            yield "PASSWORD '…' in SQL"


def _in_line(line: str, program: bool) -> Iterator[str]:
    pairs = list(_PAIR.finditer(line))
    before = ""
    for match in pairs:
        key, value = match[2], match[3]
        quoted = value[0] in "\"'"
        leaf = key.rpartition(".")[2].lower()
        if leaf in _VALUE_OF_NAME and is_secret_name(before) and is_literal(value):
            yield before
        before = value.strip("\"'") if leaf in _NAME_OF_VALUE else before
        alone = quoted or (not program and _is_apart(line, match))
        if alone and is_secret_name(key) and is_literal(value):
            yield key
    for match in _ARGUMENTS.finditer(line):
        name = match[2] or match[3]
        if is_secret_name(name) and is_literal(match[4]):
            yield name
    if program:
        return
    if (two := _TWO_WORDS.fullmatch(line)) and is_secret_name(two[1]):
        value = two[2].rstrip(";,")
        if is_literal(value) and not value.startswith(("{", "[", "(", "-")):
            yield two[1]
    if (entry := _NETRC.search(line)) and is_literal(entry[1]):
        yield "a password of .netrc"
    if (entry := _PGPASS.fullmatch(line.strip())) and is_literal(entry[1]):
        yield "a password of .pgpass"
    yield from (
        match[1]
        for match in _QUERY.finditer(line)
        if is_secret_name(match[1]) and is_literal(match[2])
    )
    if " " in line or line.startswith("-"):
        yield from named_in_words(line.split())


def _is_apart(line: str, match: re.Match[str]) -> bool:
    """Tell a value without quotes from the next word of a sentence."""
    if ":" not in line[match.end(2) : match.start(3)]:
        return True
    before = line[: match.start()].rstrip()
    return before.endswith(("{", ",", "[")) or line[match.start(3) - 1] == ":"


def _is_secret(value: str, sign: str, lines: Sequence[str], index: int) -> bool:
    """Judge a value up to the end of its line, or on the next one."""
    value = _without_remark(value)
    if not value or _BLOCK.fullmatch(value):
        if sign == "=" and not value:
            return False
        return _is_secret_below(lines, index, continued=value == "\\")
    if value[0] in "{[&*" and sign == ":" and not REFERENCE.match(value):
        return False  # looked into as pairs
    if value[0] not in "\"'" and sign != "=" and _is_prose(value):
        return False
    return is_literal(value)


def _is_secret_below(lines: Sequence[str], index: int, *, continued: bool) -> bool:
    indent = _indent(lines[index])
    for line in lines[index + 1 : index + 4]:
        if not line.strip():
            continue
        deeper = continued or _indent(line) > indent
        if entry := re.fullmatch(r"\s*-\s+([^\s:{}\[\]]+)\s*", line):
            plural = re.search(r"(?i)(?:passw\w*|token)s[\"']?\s*:", lines[index])
            return bool(plural) and is_literal(entry[1])
        is_mapping = bool(re.match(r"\s*[-\"']?[\w.-]+[\"']?:(?:\s|$)|\s*[-{\[}\]]", line))
        return deeper and not is_mapping and is_literal(line.strip().rstrip(","))
    return False


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _without_remark(value: str) -> str:
    value = _ANCHOR.sub("", value.strip(), count=1)
    for quotes in ('"""', "'''"):  # of TOML
        if value.startswith(quotes) and len(value) > len(quotes):
            return value.removeprefix(quotes).partition(quotes)[0]
    if value[:1] in {"'", '"'}:
        match = re.match(_QUOTED, value)
        return match[0] if match else value
    return _REMARK.sub("", value, count=1).strip().rstrip(",;")


def _is_prose(value: str) -> bool:
    return len(value.split()) >= _PROSE or value.strip().endswith((".", "?", ":"))


def _of_elements(content: str) -> Iterator[str]:
    """Yield the names of XML: ``<password>x</password>``, and Hadoop's ``name`` and ``value``."""
    named = ""
    for match in _ELEMENT.finditer(content):
        tag, value = match[1].rpartition(":")[2], match[2].strip()
        if tag.lower() in _NAME_OF_VALUE:
            named = value
        elif tag.lower() in _VALUE_OF_NAME and is_secret_name(named) and is_literal(value):
            yield named
        elif is_secret_name(tag) and value and is_literal(value) and not _is_prose(value):
            yield tag
