# SPDX-License-Identifier: Apache-2.0
"""How Flink's REST is reached from outside: by a port-forward that is in nobody's way."""

from __future__ import annotations

from kubernetes import client

from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.reached import _core


def test_a_port_forward_has_a_client_of_its_own() -> None:
    """While one is opened, every request of its client goes to a web socket, the lease's too."""
    kube = Kube(client.ApiClient(client.Configuration(host="https://127.0.0.1:1")), "flights")
    core = _core(kube)
    assert isinstance(core, client.CoreV1Api)
    assert core.api_client is not kube.client
    assert core.api_client.configuration is kube.client.configuration
