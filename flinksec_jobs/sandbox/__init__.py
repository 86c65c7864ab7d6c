# SPDX-License-Identifier: Apache-2.0
"""Real secured servers on this machine: KDC, Kafka, HDFS, Elasticsearch."""

from flinksec_jobs.sandbox.sandbox import SERVERS, Sandbox

__all__ = ["SERVERS", "Sandbox"]
