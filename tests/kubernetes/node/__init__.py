# SPDX-License-Identifier: Apache-2.0
"""A real Kubernetes node of processes on this machine, for tests: root and Linux only."""
