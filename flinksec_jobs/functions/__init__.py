# SPDX-License-Identifier: Apache-2.0
"""Functions in batches: records cross into Python many at a time, with the states of their keys."""

from flinksec_jobs.functions.fast import Fast, fast
from flinksec_jobs.functions.whole_batches import map_batches, process_batches

__all__ = ["Fast", "fast", "map_batches", "process_batches"]
