# SPDX-License-Identifier: Apache-2.0
"""The combinations of Flink options that look safe and are not; each has a name."""

from __future__ import annotations

from flinksec_jobs.cluster.flink_conf_values import Options
from flinksec_jobs.cluster.flink_door_problems import door_problems
from flinksec_jobs.cluster.flink_state_problems import state_problems
from flinksec_jobs.cluster.flink_tls_problems import login_problems, tls_problems
from flinksec_jobs.findings import Finding


def conf_problems(config: Options, file: str | None = None) -> list[Finding]:
    """Return what is wrong with a complete configuration, as it lies in a ConfigMap.

    Args:
        config: the options by their full names (`flink_conf.read_yaml`, `from_mapping`).
            Values may be texts, as in YAML, or of their own types.
        file: where it lies.
    """
    checks = (tls_problems, login_problems, state_problems, door_problems)
    return [found.placed(file=file) for check in checks for found in check(config)]
