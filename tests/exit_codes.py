# SPDX-License-Identifier: Apache-2.0
"""How Flink's processes end, for the tests that end them in containers, pods and without either."""

from __future__ import annotations

# Flink's 1443 of a failed job, of which a process keeps 8 bits, is 163.
FINISHED, FAILED_FOR_GOOD, KILLED = 0, 163, 137
# Of a JobManager: Java's own; Flink's 1445, "unknown", of which 8 bits are left; and Flink's 2 for
# a fatal error, seen once of a job that had just begun, without a word in the log.
ENDED_BY_SIGTERM = (143, 165, 2)
# Of a TaskManager: Java's own, and Flink's of a JVM that ends.
TASKMANAGER_ENDED_BY_SIGTERM = (143, 1)
