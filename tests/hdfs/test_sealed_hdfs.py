# SPDX-License-Identifier: Apache-2.0
"""State on the kerberised HDFS, sealed: `sealed+hdfs://` through the same plugin."""

from __future__ import annotations

import json
import os
import signal
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyflink import java_gateway

from flinksec_jobs.runtime import jvm
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sealed import KeyRing, Status, open_sealed, verify_file
from flinksec_jobs.session import Session
from tests.patience import PATIENCE
from tests.servers.conftest import StartedJob

DIRECTORY = "/data/sealed-state"
WORD = b"canary-on-hdfs"
NUMBERS = 3000
# A sum per remainder of 3, slowly until a file says that there is a checkpoint: then it fails.
JOB = """
    import json
    import os
    import time

    from pyflink.common import Types
    from pyflink.common.watermark_strategy import WatermarkStrategy
    from pyflink.datastream.connectors.number_seq import NumberSequenceSource

    from flinksec_jobs import SecureJob

    FAILS_WHEN = os.environ.get("CANARY_FAILS_WHEN")

    def slowly(number):
        if FAILS_WHEN:
            time.sleep(0.1)
            if os.path.exists(FAILS_WHEN):
                raise ValueError("the failure that the test asked for")
        return f"canary-on-hdfs-{{number % 3}}", number

    def as_json(pair):
        return json.dumps({{"word": pair[0], "sum": pair[1]}})

    with SecureJob("sums") as job:
        numbers = job.env.from_source(
            NumberSequenceSource(1, {numbers}), WatermarkStrategy.no_watermarks(), "numbers"
        )
        pair = Types.TUPLE([Types.STRING(), Types.LONG()])
        (
            numbers.map(slowly, output_type=pair)
            .key_by(lambda pair: pair[0], key_type=Types.STRING())
            .reduce(lambda one, other: (one[0], one[1] + other[1]))
            .map(as_json, output_type=Types.STRING())
            .sink_to(job.to_kafka("sums"))
        )
"""


@pytest.fixture(scope="module")
def java(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The JVM of a job whose state is on HDFS, in this process; none after these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLINKSEC_LOG_DIR", str(tmp_path_factory.mktemp("logs")))
        patch.setattr(java_gateway, "_gateway", None)
        settings = sandbox.settings(
            overrides={"state.directory": uri(sandbox), "job.resume": "never"}
        )
        Session("sealed-hdfs", settings).begin()
        yield
        process = jvm.process_id()
        java_gateway.get_gateway().shutdown()  # so that no object is released in a dead JVM
        os.kill(process, signal.SIGTERM)


def uri(sandbox: Sandbox, path: str = DIRECTORY) -> str:
    return f"hdfs://localhost:{sandbox.ports['hdfs']}{path}"


def flink_path(name: str) -> Any:
    return jvm.view().org.apache.flink.core.fs.Path(name)


def write(name: str, content: bytes) -> None:
    path = flink_path(name)
    mode = jvm.view().org.apache.flink.core.fs.FileSystem.WriteMode.NO_OVERWRITE
    stream = path.getFileSystem().create(path, mode)
    stream.write(content)
    stream.close()


def read(name: str) -> bytes:
    path = flink_path(name)
    stream = path.getFileSystem().open(path)
    content = bytes(stream.readAllBytes())
    stream.close()
    return content


@pytest.mark.parametrize("size", [0, 1, 16_384, 1_500_000])
def test_a_file_is_sealed_on_hdfs_and_read_back_in_both_languages(
    sandbox: Sandbox, java: None, tmp_path: Path, size: int
) -> None:
    name = uri(sandbox, f"{DIRECTORY}/chk-1/file-{size}")
    content = (WORD * (size // len(WORD) + 1))[:size]
    write(f"sealed+{name}", content)
    assert read(f"sealed+{name}") == content
    status = flink_path(f"sealed+{name}").getFileSystem().getFileStatus(flink_path(name))
    assert status.getLen() == size

    on_hdfs = read(name)
    assert WORD not in on_hdfs
    copy = tmp_path / DIRECTORY.strip("/") / "chk-1" / f"file-{size}"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(on_hdfs)
    ring = KeyRing.open(sandbox.state_keys)
    assert verify_file(copy, ring).status is Status.WHOLE
    with open_sealed(copy, ring) as reader:
        assert reader.read() == content


def test_a_job_goes_on_from_a_sealed_checkpoint_on_hdfs(
    sandbox: Sandbox, java: None, tmp_path: Path
) -> None:
    sandbox.create_topics({"sums": 1})
    script = tmp_path / "sums.py"
    script.write_text(textwrap.dedent(JOB.format(numbers=NUMBERS)))
    settings = tmp_path / "settings.toml"
    sandbox.write_settings(settings)
    variables = {
        "FLINKSEC_LOG_DIR": str(tmp_path / "logs"),
        "FLINKSEC_STATE__DIRECTORY": uri(sandbox),
        "FLINKSEC_STATE__CHECKPOINT_INTERVAL": "200 ms",
        "FLINKSEC_JOB__RESUME": "never",
        "FLINKSEC_JOB__PARALLELISM": "1",
    }
    fails_when = tmp_path / "there-is-a-checkpoint"
    failing = StartedJob(settings, variables | {"CANARY_FAILS_WHEN": str(fails_when)}, script)
    while not checkpoints(sandbox) and failing.process.poll() is None:
        time.sleep(0.5)
    fails_when.touch()
    failed = failing.end(PATIENCE)
    assert failed.code == 1
    assert "the failure that the test asked for" in failed.err

    latest = uri(sandbox, max(checkpoints(sandbox), key=number_of).removesuffix("/_metadata"))
    assert WORD in read(f"sealed+{latest}/_metadata")
    assert WORD not in read(f"{latest}/_metadata")

    with settings.open("a") as file:
        recovery = json.dumps(f"sealed+{latest}")
        file.write(f'\n[flink]\n"execution.state-recovery.path" = {recovery}\n')
    ended = StartedJob(settings, variables, script).end(PATIENCE)
    assert ended.code == 0, ended.err

    sums: dict[str, list[int]] = {}
    for line in sandbox.consume("sums"):
        found = json.loads(line)
        sums.setdefault(found["word"], []).append(found["sum"])
    expected = {f"canary-on-hdfs-{r}": running_sums(r) for r in range(3)}
    assert sums == expected


def test_hdfs_in_clear_is_reached_beside_sealed_hdfs(sandbox: Sandbox, java: None) -> None:
    name = uri(sandbox, "/data/in-clear")
    write(name, WORD)
    assert read(name) == WORD


def checkpoints(sandbox: Sandbox) -> list[str]:
    found = sandbox.hdfs_ls(DIRECTORY)
    return [path for path in found if "/sums/" in path and path.endswith("/_metadata")]


def number_of(metadata: str) -> int:
    return int(metadata.split("/chk-")[1].split("/", maxsplit=1)[0])


def running_sums(remainder: int) -> list[int]:
    total = 0
    sums = []
    for number in range(1, NUMBERS + 1):
        if number % 3 == remainder:
            total += number
            sums.append(total)
    return sums
