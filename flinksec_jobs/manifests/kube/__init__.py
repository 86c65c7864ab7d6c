# SPDX-License-Identifier: Apache-2.0
"""A model of Kubernetes objects: what stands in them, what they allow, who reaches whom."""
