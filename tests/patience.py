# SPDX-License-Identifier: Apache-2.0
"""How long tests wait for what they look at."""

PATIENCE = 600
"""Seconds, at most: what takes some on a quiet machine comes on a slow and busy one too."""
