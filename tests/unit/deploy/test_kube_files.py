# SPDX-License-Identifier: Apache-2.0
"""Certificates of a login that cannot be read are an error at once: asking again mends nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client

from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.kube_errors import KubeError, KubeUnreachableError
from flinksec_jobs.deploy.outside import Ref
from tests.certificates import authority, signed, write_cert_manager
from tests.unit.deploy.bad_server import BadServer

CA = authority()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    found = write_cert_manager(tmp_path / "server", signed(CA), CA.certificate)
    (found / "garbage").write_text("garbage")
    (found / "empty").write_text("")
    return found


@pytest.fixture
def server(files: Path) -> Iterator[BadServer]:
    found = BadServer(files)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.close()


@pytest.mark.parametrize(
    ("authorities", "certificate", "key"),
    [
        ("garbage", "", ""),
        ("empty", "", ""),
        ("gone", "", ""),
        ("ca.crt", "garbage", "tls.key"),
        ("ca.crt", "ca.crt", "tls.key"),
        ("ca.crt", "tls.crt", "gone"),
    ],
)
def test_files_of_a_login_that_cannot_be_used_are_told_at_once(
    files: Path, server: BadServer, authorities: str, certificate: str, key: str
) -> None:
    settings = client.Configuration(host=f"https://localhost:{server.server_port}")
    settings.retries = False
    settings.ssl_ca_cert = str(files / authorities)
    if certificate:
        settings.cert_file, settings.key_file = str(files / certificate), str(files / key)
    slept: list[float] = []
    kube = Kube(client.ApiClient(settings), "flights", sleep=slept.append)
    with pytest.raises(KubeError, match="certificates of the login cannot be read") as caught:
        kube.get(Ref("v1", "ConfigMap", "a"))
    assert not isinstance(caught.value, KubeUnreachableError)
    assert "certificate-authority" in str(caught.value.hint)
    assert slept == []
