# SPDX-License-Identifier: Apache-2.0
"""How metrics leave the processes of Flink: in clear, or to whom has a certificate."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.manifests.flink.flink_processes import processes
from flinksec_jobs.manifests.flink.rules.settings_map import mounted_settings, parsed
from flinksec_jobs.manifests.kube.objects import Manifests, Place, mapping, sequence, text
from flinksec_jobs.manifests.rule import rule

_FLINKS = "org.apache.flink.metrics.prometheus.PrometheusReporterFactory"
_FIX = "set cluster.metrics.prometheus to mutual-tls, and have Prometheus come with a certificate"


@rule(
    "flink-metrics-in-clear",
    severity="warning",
    why="metrics are in clear, and whoever reaches the port may ask for them",
    fix=_FIX,
)
def _in_clear(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        for option, value in process.options.items():
            if option.endswith(".factory.class") and str(value).strip() == _FLINKS:
                yield process.at(option, str(value))
    for entry in mounted_settings(manifests):
        try:
            settings = parsed(entry)
        except FlinkSecError:
            continue  # another rule names it
        if settings.cluster and settings.cluster.metrics.prometheus == "plain":
            yield entry.at("data[settings.toml]", "cluster.metrics.prometheus is plain")


@rule(
    "flink-metrics-asked-in-clear",
    severity="warning",
    why="metrics are asked for in clear, or anyone is taken for a process of Flink",
    fix="scheme: https, and a tlsConfig with ca, cert, keySecret and serverName, as our component",
)
def _asked(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("PodMonitor"):
        spec = mapping(entry.content.get("spec"))
        labels = mapping(mapping(spec.get("selector")).get("matchLabels"))
        if labels.get("app.kubernetes.io/name") != "flink":
            continue
        for number, endpoint in enumerate(sequence(spec.get("podMetricsEndpoints"))):
            found = mapping(endpoint)
            secure = mapping(found.get("tlsConfig"))
            place = f"spec.podMetricsEndpoints[{number}]"
            if text(found.get("scheme")) != "https":
                yield entry.at(f"{place}.scheme", text(found.get("scheme")) or "http")
            elif secure.get("insecureSkipVerify") is True or not secure.get("ca"):
                yield entry.at(f"{place}.tlsConfig", "whoever answers is believed")
