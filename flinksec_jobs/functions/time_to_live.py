# SPDX-License-Identifier: Apache-2.0
"""How long values of a state live, for the JVM: see ``org.flinksec.functions.TimeToLive``."""

from __future__ import annotations

from typing import Any

from flinksec_jobs.functions import packing


def is_limited(descriptor: Any) -> bool:
    """Whether PyFlink's description of a state says that its values do not live for ever."""
    config = descriptor._ttl_config
    return config is not None and bool(config.is_enabled())


def of_descriptor(descriptor: Any) -> bytes | None:
    """Return what PyFlink's description of a state says; None for any time."""
    if not is_limited(descriptor):
        return None
    config = descriptor._ttl_config
    strategies = config.get_cleanup_strategies()
    step = strategies.get_incremental_cleanup_strategy()
    rocksdb = strategies.get_rocksdb_compact_filter_cleanup_strategy()
    return packing.encoder()(
        [
            config.get_ttl().to_milliseconds(),
            config.get_update_type().name,
            config.get_state_visibility().name,
            strategies.is_cleanup_in_background(),
            strategies.in_full_snapshot(),
            step and [step.get_cleanup_size(), step.run_cleanup_for_every_record()],
            rocksdb and rocksdb.get_query_time_after_num_entries(),
        ]
    )
