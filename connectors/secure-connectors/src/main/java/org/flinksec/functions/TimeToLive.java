// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.time.Duration;
import org.apache.flink.api.common.state.StateTtlConfig;

/** How long values of a state live, as {@code flinksec_jobs.functions.time_to_live} tells it. */
final class TimeToLive {
  private TimeToLive() {}

  /**
   * Reads an array of milliseconds, the names of PyFlink's update type and visibility, whether
   * values are cleaned up in the background, whether in full snapshots, and two that may be null:
   * an array of the number of entries to look at and whether for each record, and the number of
   * entries after which RocksDB asks for the time.
   */
  static StateTtlConfig read(byte[] told) {
    Unpacker read = new Unpacker(told);
    read.arrayHeader();
    StateTtlConfig.Builder made = StateTtlConfig.newBuilder(Duration.ofMillis(read.whole()));
    made.setUpdateType(StateTtlConfig.UpdateType.valueOf(read.text()));
    made.setStateVisibility(StateTtlConfig.StateVisibility.valueOf(read.text()));
    if (!read.bool()) {
      made.disableCleanupInBackground();
    }
    if (read.bool()) {
      made.cleanupFullSnapshot();
    }
    if (!read.nil()) {
      read.arrayHeader();
      made.cleanupIncrementally(read.small(), read.bool());
    }
    if (!read.nil()) {
      made.cleanupInRocksdbCompactFilter(read.whole());
    }
    return made.build();
  }
}
