# SPDX-License-Identifier: Apache-2.0
"""Formats of records in Kafka's topics and a schema registry, on servers of these tests' own."""

from tests.servers.conftest import flights_in_kafka, quick_jobs, sandbox, start_job

__all__ = ["flights_in_kafka", "quick_jobs", "sandbox", "start_job"]
