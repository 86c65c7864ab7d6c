# SPDX-License-Identifier: Apache-2.0
"""Flink's REST interface as types: what it tells of a job in a cluster, and what it can be told."""
