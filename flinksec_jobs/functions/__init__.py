# SPDX-License-Identifier: Apache-2.0
"""Functions in batches: records cross into Python many at a time, with the states of their keys."""

from flinksec_jobs.functions.fast import Fast, fast

__all__ = ["Fast", "fast"]
