# SPDX-License-Identifier: Apache-2.0
"""A sandbox's directory is private, and nobody else's."""

import os
import stat
from pathlib import Path

import psutil
import pytest

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox import Sandbox, marker
from flinksec_jobs.sandbox.layout import Layout, write_properties
from flinksec_jobs.sandbox.ports import free_ports
from flinksec_jobs.sandbox.processes import ServerRecord


def test_every_directory_is_made_for_its_user_alone(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "box")
    layout.make()
    layout.make()  # again, which changes nothing
    made = [layout.directory, *(path for path in layout.directory.iterdir() if path.is_dir())]
    assert len(made) > 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o700}
    assert stat.S_IMODE(layout.marker.stat().st_mode) == 0o600


def test_a_directory_that_others_could_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir(mode=0o755)
    Layout(tmp_path / "box").make()
    assert stat.S_IMODE((tmp_path / "box").stat().st_mode) == 0o700


def test_a_directory_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(SandboxError, match="is not empty and holds no sandbox") as refusal:
        Layout(tmp_path).make()
    assert "--dir" in str(refusal.value.hint)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError, match=r"cannot use .*file/box: not a directory"):
        Layout(tmp_path / "file" / "box").make()


def test_a_private_file_replaces_one_that_others_could_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_properties_keep_what_java_would_take_for_syntax(tmp_path: Path) -> None:
    path = tmp_path / "p.properties"
    write_properties(path, {"principal.kafka/a b": 'x="C:\\dir" y=1;', "plain": "v"})
    assert path.read_text().splitlines() == [
        'principal.kafka/a\\ b=x\\="C\\:\\\\dir"\\ y\\=1;',
        "plain=v",
    ]


def test_free_ports_are_all_different() -> None:
    ports = free_ports(50)
    assert len(set(ports)) == 50
    assert min(ports) > 1023


def test_what_runs_is_written_down_and_read_back(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "box")
    layout.make()
    assert marker.read(layout) is None
    running = marker.Running([ServerRecord("kafka", 2**22 - 1, 1.5)], {"kdc": 88}, ["kafka"])
    marker.write(layout, running)
    assert marker.read(layout) == running
    assert not running.all_alive()


def test_a_sandbox_of_another_host_and_realm_is_found_again_as_it_is(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "box", "127.0.0.2", "127.0.0.2", "SECOND.LOCAL")
    layout.make()
    this = ServerRecord("kafka", os.getpid(), psutil.Process().create_time())
    running = marker.Running([this], {}, ["kafka"], layout.host, layout.bind, layout.realm)
    marker.write(layout, running)
    assert Sandbox.attach(layout.directory)._layout == layout


def test_a_record_that_was_damaged_is_an_error_that_tells_how_to_go_on(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "box")
    layout.make()
    layout.record.write_text("{")
    with pytest.raises(SandboxError, match="cannot be read") as damaged:
        marker.read(layout)
    assert "ps -ef" in str(damaged.value.hint)


def test_an_unknown_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="has no server kafak"):
        Sandbox(tmp_path / "box", only=["kafak"])
