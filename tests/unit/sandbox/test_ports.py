# SPDX-License-Identifier: Apache-2.0
"""A sandbox that starts again has the ports that it had, if nobody else has them now."""

import socket
from pathlib import Path

import pytest

from flinksec_jobs.sandbox import marker, ports
from flinksec_jobs.sandbox.layout import Layout
from flinksec_jobs.sandbox.ports import free_ports, same_or_free_ports

NAMES = ["kdc", "kafka"]


def test_ports_that_are_free_are_kept() -> None:
    before = dict(zip(NAMES, free_ports(2), strict=True))
    assert same_or_free_ports(NAMES, before | {"other": 1}) == before


def test_all_are_new_if_one_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        before = {"kdc": free_ports(1)[0], "kafka": taken.getsockname()[1]}
        found = same_or_free_ports(NAMES, before)
    assert list(found) == NAMES
    assert found["kafka"] != before["kafka"]


def test_no_free_port_is_one_that_the_system_gives_to_connections() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(free_ports(20)) < first


def test_where_all_lower_ports_are_for_connections_the_system_chooses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "range").write_text("1024\t65535\n")
    monkeypatch.setattr(ports, "_EPHEMERAL", tmp_path / "range")
    assert len(set(free_ports(20))) == 20


@pytest.mark.parametrize("before", [{}, {"kdc": 1024}, {"kdc": 0, "kafka": 99_999}])
def test_ports_that_are_not_known_or_none_are_chosen_anew(before: dict[str, int]) -> None:
    found = same_or_free_ports(NAMES, before)
    assert list(found) == NAMES
    assert len(set(found.values())) == 2
    assert 99_999 not in found.values()


@pytest.mark.parametrize("content", [None, "", "[]", '{"kdc": "x"}', "\xff"])
def test_ports_that_cannot_be_read_are_none(tmp_path: Path, content: str | None) -> None:
    layout = Layout(tmp_path)
    if content is not None:
        layout.ports.write_text(content, "latin-1")
    assert marker.read_ports(layout) == {}


def test_ports_that_were_written_down_are_read(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    marker.write_ports(layout, {"kdc": 88})
    assert marker.read_ports(layout) == {"kdc": 88}
    assert layout.ports.stat().st_mode & 0o777 == 0o600
