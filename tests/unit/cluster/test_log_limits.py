# SPDX-License-Identifier: Apache-2.0
"""What floods a log when brokers are away is limited in the same way wherever a job runs."""

import re

import pytest

from tests.pages import text

FILES = (
    "flinksec_jobs/runtime/log4j-local.properties",
    "flinksec_jobs/cluster/log4j-console.properties",
    "docker/kubernetes/base/log4j-console.properties",
)


def loggers(file: str) -> dict[str, dict[str, str]]:
    """The options of each logger by the logger's name."""
    found: dict[str, dict[str, str]] = {}
    for key, option, value in re.findall(
        r"^logger\.(\w+)\.([\w.]+) = (.*)$", text(file), re.MULTILINE
    ):
        found.setdefault(key, {})[option] = value
    return {options.pop("name"): options for options in found.values()}


@pytest.mark.parametrize("file", FILES)
def test_a_failure_that_repeats_is_written_whole_only_once(file: str) -> None:
    (pattern,) = re.findall(r"layout\.pattern = (.*)$", text(file), re.MULTILINE)
    assert pattern.endswith("%m%n%failure")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("client", ["NetworkClient", "producer.internals.Sender"])
def test_what_each_client_tells_of_each_broker_is_limited(file: str, client: str) -> None:
    kafka = "org.apache.flink.kafka.shaded.org.apache.kafka"
    assert loggers(file)[f"{kafka}.clients.{client}"] == {
        "level": "WARN",
        "filter.burst.type": "BurstFilter",
        "filter.burst.level": "WARN",
        "filter.burst.rate": "0.2",
        "filter.burst.maxBurst": "10",
    }
    assert loggers(file)[kafka] == {"level": "WARN"}
    assert loggers(file)["org.apache.flink.metrics.MetricGroup"] == {"level": "ERROR"}
