# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus that reads the processes of a cluster by mutual TLS and evaluates our rules."""

import http
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from flinksec_jobs.parsing import yaml_documents
from flinksec_jobs.sandbox.ports import free_ports
from flinksec_jobs.yaml_writing import yaml_text
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
COMPONENT = ROOT / "docker" / "kubernetes" / "components" / "monitoring"


def rules() -> dict[str, Any]:
    """The groups of the component, as Prometheus reads them."""
    (found,) = yaml_documents((COMPONENT / "rules.yaml").read_text())
    assert found["kind"] == "PrometheusRule"
    spec: dict[str, Any] = found["spec"]
    return spec


def impatient(thresholds: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The same rules without waiting: at once, over seconds, with some thresholds lowered.

    Args:
        thresholds: by alert, what to replace in its expression.
    """
    spec = rules()
    for group in spec["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["for"] = "0s"
            if rule["alert"] in thresholds:
                old, new = thresholds[rule["alert"]]
                assert old in rule["expr"], rule["alert"]
                rule["expr"] = rule["expr"].replace(old, new)
            rule["expr"] = re.sub(r"\[(\d+)m\]", "[20s]", rule["expr"])
    return spec


class Prometheus:
    """One server.

    Args:
        directory: gets its configuration, data and log.
        targets: addresses by what scrapes them: a job of Prometheus.
        clients: by job, the directory with ``tls.crt``, ``tls.key`` and ``ca.crt``; ``None`` for
            one that has no certificate.
        ca: of the servers.
        groups: the rules.
    """

    def __init__(
        self,
        directory: Path,
        targets: Mapping[str, Mapping[str, str]],
        clients: Mapping[str, Path | None],
        ca: Path,
        groups: Mapping[str, Any],
    ) -> None:
        self._directory = directory
        (self._port,) = free_ports(1)
        directory.mkdir()
        (directory / "rules.yaml").write_text(yaml_text([dict(groups)]))
        scraped = [
            {
                "job_name": job,
                "scheme": "https",
                "tls_config": _tls(clients[job], ca),
                "static_configs": [
                    {"targets": [address], "labels": {"namespace": "flights", "pod": pod}}
                    for pod, address in addresses.items()
                ],
            }
            for job, addresses in targets.items()
        ]
        every = {"scrape_interval": "1s", "evaluation_interval": "1s", "scrape_timeout": "1s"}
        config = {"global": every, "rule_files": ["rules.yaml"], "scrape_configs": scraped}
        (directory / "prometheus.yml").write_text(yaml_text([config]))

    def __enter__(self) -> Self:
        program = shutil.which("prometheus")
        assert program, "there is no prometheus: apt-get install prometheus"
        self._log = (self._directory / "log").open("wb")
        self._process = subprocess.Popen(
            [
                program,
                f"--config.file={self._directory / 'prometheus.yml'}",
                f"--storage.tsdb.path={self._directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{self._port}",
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            self.wait_for("Prometheus", lambda: self._ask("query", query="up"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The vector that an expression has now: labels and value of each."""
        found: list[dict[str, Any]] = self._ask("query", query=expression)["result"]
        return found

    def alerts(self) -> dict[str, list[dict[str, str]]]:
        """The labels of all alerts that fire, by name."""
        found: dict[str, list[dict[str, str]]] = {}
        for alert in self._ask("alerts")["alerts"]:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["alertname"], []).append(alert["labels"])
        return found

    def wait_until_fires(self, name: str) -> dict[str, str]:
        """Wait for an alert; returns the labels of one."""
        found = self.wait_for(f"alert {name}", lambda: self.alerts().get(name))
        return dict(found[0])

    def wait_until_silent(self, name: str) -> None:
        self.wait_for(f"end of {name}", lambda: name not in self.alerts())

    def targets(self, job: str) -> list[dict[str, Any]]:
        """What Prometheus says of the targets of a job."""
        found = self._ask("targets")["activeTargets"]
        return [target for target in found if target["labels"]["job"] == job]

    def wait_for(self, what: str, found: Any) -> Any:
        """Ask again and again until there is an answer."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if answer := found():
                    return answer
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"no {what}")

    def _ask(self, what: str, **parameters: str) -> Any:
        url = f"http://127.0.0.1:{self._port}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.SERVICE_UNAVAILABLE:
                raise ConnectionError("it is starting") from None
            raise AssertionError(f"{parameters}: {error.read().decode()}") from None


def _tls(client: Path | None, ca: Path) -> dict[str, Any]:
    own = {"ca_file": str(ca), "server_name": "flink-metrics"}
    if client is None:
        return own
    return own | {"cert_file": str(client / "tls.crt"), "key_file": str(client / "tls.key")}
