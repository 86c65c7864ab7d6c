# SPDX-License-Identifier: Apache-2.0
"""Every message that docs/troubleshoot.md explains is one that the library says."""

import ast
import re
from functools import cache

import pytest

from tests.pages import ROOT, text

# Flink's own, in its log, and what a Java class of ours says.
FOREIGN = ("Unable to commit transaction", "the brokers have aborted")
MESSAGES = [
    message
    for message in re.findall(r"^\| `([^`]+)`", text("docs/troubleshoot.md"), re.MULTILINE)
    if " " in message and not message.startswith(FOREIGN)
]


@cache
def said() -> str:
    """All texts of the package, one a line; what is filled in is ``{}``."""
    lines = []
    for file in (ROOT / "flinksec_jobs").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    part.value if isinstance(part, ast.Constant) else "{}" for part in node.values
                ]
                lines.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                lines.append(node.value.replace("\n", " "))
    return "\n".join(lines)


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_that_is_explained_is_one_of_ours(message: str) -> None:
    parts = [re.escape(part.strip()) for part in message.split("…") if part.strip(" .:,()")]
    assert re.search(".*".join(parts), said(), re.IGNORECASE), message


def test_there_are_messages_to_look_for() -> None:
    assert len(MESSAGES) > 20
