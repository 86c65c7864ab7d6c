# SPDX-License-Identifier: Apache-2.0
"""Flink in the manifests: its processes, its configuration, the proxies before it."""
