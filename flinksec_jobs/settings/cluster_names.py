# SPDX-License-Identifier: Apache-2.0
"""Names of a cluster's processes in our manifests, and so in its certificates and addresses."""

JOBMANAGER = "flink-jobmanager"
"""Of the JobManager's Job and Service."""
TASKMANAGER = "flink-taskmanager"
"""Of the TaskManagers' StatefulSet and headless Service."""
