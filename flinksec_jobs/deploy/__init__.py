# SPDX-License-Identifier: Apache-2.0
"""The life of a job on Kubernetes: deploy, upgrade, roll back, restart, stop, recover."""
