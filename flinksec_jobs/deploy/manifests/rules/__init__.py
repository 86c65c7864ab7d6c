# SPDX-License-Identifier: Apache-2.0
"""The rules, by theme; importing a module registers its rules."""

from . import (
    access,
    disruption,
    flink_configuration,
    flink_files,
    flink_network,
    flink_runs,
    flink_settings,
    hardening,
    images,
    mesh,
    pod_security_baseline,
    pod_security_restricted,
    policies,
    proxies,
    secrets,
    services,
    shapes,
    volumes,
)

__all__ = [
    "access",
    "disruption",
    "flink_configuration",
    "flink_files",
    "flink_network",
    "flink_runs",
    "flink_settings",
    "hardening",
    "images",
    "mesh",
    "pod_security_baseline",
    "pod_security_restricted",
    "policies",
    "proxies",
    "secrets",
    "services",
    "shapes",
    "volumes",
]
