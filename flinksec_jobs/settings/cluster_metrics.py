# SPDX-License-Identifier: Apache-2.0
"""The section ``[cluster.metrics]``: how Prometheus gets the metrics of Flink's processes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flinksec_jobs.sections.fields import LocalPath, Section

PROMETHEUS = "metrics.reporter.flinksec-prometheus"
"""What Flink's options of the reporter begin with."""
METRICS_FILES = ("tls.crt", "tls.key", "ca.crt")
"""The files in the directory of `tls`, as cert-manager names them in a Secret."""

_FACTORIES = {
    "mutual-tls": "org.flinksec.metrics.SecurePrometheusFactory",
    "plain": "org.apache.flink.metrics.prometheus.PrometheusReporterFactory",
}


class MetricsSettings(Section):
    """Metrics for Prometheus, which asks every process for them."""

    prometheus: Literal["off", "mutual-tls", "plain"] = Field(
        default="off",
        description="mutual-tls: over TLS, to clients with a certificate of the CA in tls. plain: "
        "in clear, to everyone who reaches the port. off: no port is opened.",
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=9249, description="Port of the metrics in every process."
    )
    tls: LocalPath = Field(
        default=Path("/etc/flinksec/tls/metrics"),
        description="Directory of tls.crt, tls.key and ca.crt, the CA of Prometheus' certificate; "
        "`flinksec certs metrics` makes them. They are read again when they have changed.",
    )


def prometheus_options(metrics: MetricsSettings) -> dict[str, str]:
    """Return Flink's options of the reporter; none if no port is opened."""
    if metrics.prometheus == "off":
        return {}
    found = {
        "factory.class": _FACTORIES[metrics.prometheus],
        "port": str(metrics.port),
        # Names of settings and of keys have dots and dashes.
        "filterLabelValueCharacters": "false",
    }
    if metrics.prometheus == "mutual-tls":
        found["tls"] = str(metrics.tls)
    return {f"{PROMETHEUS}.{key}": value for key, value in found.items()}
