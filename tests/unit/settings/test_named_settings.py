# SPDX-License-Identifier: Apache-2.0
"""Whatever a message of ours calls a setting is one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from flinksec_jobs.settings import schema

ROOT = Path(__file__).parents[3]
# Names of files and hosts, Flink's own options, and sections with a name, that look like a
# setting's.
OTHERS = re.compile(
    r"(hdfs|kafka|kerberos)\.(east|second)|"
    r"cluster\.(local|name)|elasticsearch\.(p12|pem|properties|version)|job\.(py|sql|toml|txt)"
    r"|kafka\.config|python\.(executable|pythonpath)"
)
LOOKS_LIKE_ONE = re.compile(
    rf"(?<![\w./+-])({'|'.join(schema.sections())})\.[a-z_0-9]+(?![\w(/-])(?!\.[a-z])"
)
JAVA_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def texts() -> Iterator[tuple[Path, str]]:
    for path in (ROOT / "flinksec_jobs").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, node.value
    for path in (ROOT / "connectors").glob("*/src/main/**/*.java"):
        for found in JAVA_STRING.finditer(path.read_text(encoding="utf-8")):
            yield path, found[1]


def test_every_setting_that_a_message_names_exists() -> None:
    names = {setting.name for setting in schema.settings()}
    beginnings = {name.rpartition(".")[0] for name in names}
    seen = [
        (str(path.relative_to(ROOT)), found[0])
        for path, text in texts()
        for found in LOOKS_LIKE_ONE.finditer(text)
        if not OTHERS.fullmatch(found[0])
    ]
    assert len(seen) > 100
    assert [place for place in seen if place[1] not in names | beginnings] == []
