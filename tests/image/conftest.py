# SPDX-License-Identifier: Apache-2.0
"""The servers that the job in its containers uses."""

from tests.servers.conftest import flights_in_kafka, sandbox

__all__ = ["flights_in_kafka", "sandbox"]
