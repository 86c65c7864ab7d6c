# SPDX-License-Identifier: Apache-2.0
"""YAML, read by us and by the Go library with which Kubernetes reads it."""

from __future__ import annotations

import json
import os
import random
import subprocess
from typing import Any

from flinksec_jobs.parsing import ParseError, yaml_documents

_REFEREE = "FLINKSEC_POLICY_REFEREE"
_SECONDS = 120
_TEXTS = """
y n Y N yes no on off On OFF true True TRUE false nO tRue ~ null Null NULL nil
0 00 0440 0o17 0O7 0b101 0B1 0x1F 0XfF 08 09 0_7 1_000 _1 1__0 -0 +1 -0x10 -0b1 +0440 1. .5 -.5
1e3 1E-3 1.e+2 1e .e1 e1 1e3_0 9223372036854775807 9223372036854775808 18446744073709551616
-9223372036854775809 12:30 12:30:45 1:60 190:20:30.15 2024-01-02 2024-01-02T03:04:05Z 2024-1-2
= << <<x - -- + . .. ... ---x 0.0.0.0 10.0.0.0/8 1.2.3 v1.2 1e3m 500m 1Gi 0.1 100m
a:b a#b http://x:80/y "0440" 'no' '' "" "a\\nb" 'a''b'
"""
_SCALARS = _TEXTS.split()
_ALPHABET = "0123456789abcdefoxXeEyYnN_+-.:~ "


def _plain(chosen: random.Random) -> str:
    if chosen.random() < 0.5:
        return chosen.choice(_SCALARS)
    text = "".join(chosen.choices(_ALPHABET, k=chosen.randint(1, 8))).strip()
    # What begins with these is a sequence, a key or nothing; the list above has such texts.
    return text if text and text[0] not in "-:" and ": " not in text and text[-1] != ":" else "x"


def _document(chosen: random.Random) -> str:
    between = chosen.choice((" ", "  ", "\t", " \t"))
    lines = [f"k{i}:{between}{_plain(chosen)}" for i in range(chosen.randint(1, 4))]
    lines.append("list:")
    lines += [f"- {_plain(chosen)}" for _ in range(chosen.randint(1, 3))]
    lines.append(f"flow: [{_quoted(chosen)}, {{a: {_quoted(chosen)}}}]")
    return "\n".join(lines) + "\n"


def _quoted(chosen: random.Random) -> str:
    text = _plain(chosen)
    return text if not set(text) & set(",[]{}#:") else json.dumps(text)


def _theirs(texts: list[str]) -> list[Any]:
    told = subprocess.run(
        [os.environ[_REFEREE], "yaml"],
        input="\n".join(map(json.dumps, texts)),
        capture_output=True,
        text=True,
        check=True,
        timeout=_SECONDS,
    )
    return [json.loads(line)["value"] for line in told.stdout.splitlines()]


def _ours(text: str) -> Any:
    try:
        (document,) = yaml_documents(text, "kubernetes")
    except ParseError:
        return None
    return document


def _numbers_as_floats(value: Any) -> Any:
    """Return the value without what JSON does not tell: ``1e3`` from ``1000``."""
    if isinstance(value, dict):
        return {key: _numbers_as_floats(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_numbers_as_floats(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def test_random_documents_are_read_as_kubernetes_reads_them() -> None:
    chosen = random.Random(20261129)
    texts = [_document(chosen) for _ in range(4000)]
    read = list(zip(texts, _theirs(texts), strict=True))
    taken = [(text, theirs) for text, theirs in read if theirs is not None]
    assert len(taken) > len(read) / 2
    different = [
        (text, theirs, ours)
        for text, theirs in taken
        if _numbers_as_floats(ours := _ours(text)) != _numbers_as_floats(theirs)
    ]
    assert different[:3] == []
