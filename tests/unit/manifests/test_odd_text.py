# SPDX-License-Identifier: Apache-2.0
"""Text in manifests that is made to hang the check, or to forge what it prints."""

import json
import time
from pathlib import Path

from click.testing import CliRunner

from flinksec_jobs.cli import main


def _check(tmp_path: Path, text: str, *options: str) -> tuple[str, str]:
    path = tmp_path / "some.yaml"
    path.write_text(text)
    result = CliRunner().invoke(main, ["manifests", "check", *options, str(path)])
    assert result.exit_code in {0, 1}
    return result.stdout, result.stderr


def test_blank_lines_and_long_lines_of_a_config_map_cost_little(tmp_path: Path) -> None:
    lines = "\n".join(['  a: "' + "\\n" * 100_000 + '"', '  b: "c: ' + " " * 100_000 + 'd"'])
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata:\n"
    begun = time.monotonic()
    _check(tmp_path, head + lines)
    assert time.monotonic() - begun < 120  # it was hours


def test_names_of_objects_cannot_forge_lines(tmp_path: Path) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod\x1b[2J",
        "metadata": {"name": "a\nno problems in 1 objects\r\u202e\ud800"},
        "spec": {"containers": [{"name": "c", "image": "x:\x9b1"}]},
    }
    text = json.dumps(pod | {"kind": "Pod"})
    for options in ((), ("--matrix",), ("--json",)):
        out, err = _check(tmp_path, text, *options)
        lines = (out + err).split("\n")
        assert all(line.isprintable() for line in lines)
        assert "no problems in 1 objects" not in lines
    assert json.loads(out)["findings"]


def test_the_first_key_below_a_parent_is_a_line_of_its_own(tmp_path: Path) -> None:
    out, _ = _check(
        tmp_path,
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n"
        'data: {x: "server:\\n  password: hunter2\\n"}\n',
    )
    told = next(line for line in out.split("\n") if "[secret-in-config-map]" in line)
    assert told.startswith("problem: b/ConfigMap/a: data[x]")
