// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.IOException;
import org.apache.flink.streaming.api.functions.sink.filesystem.PartFileInfo;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.CheckpointRollingPolicy;

/** Where a file ends: with each checkpoint, and before it when it is large, old, or left alone. */
public final class Rolling extends CheckpointRollingPolicy<Object, String> {
  private static final long serialVersionUID = 1L;

  /** The longest time between two looks at files that nothing is written to. */
  private static final long RARELY = 60_000;

  private static final long OFTEN = 100;

  private final long size;
  private final long after;
  private final long inactive;

  /**
   * @param size in bytes that have been written out
   * @param after in milliseconds since the file was begun
   * @param inactive in milliseconds since the last row; 0 in any of them for no such limit
   */
  public Rolling(long size, long after, long inactive) {
    this.size = size == 0 ? Long.MAX_VALUE : size;
    this.after = after == 0 ? Long.MAX_VALUE : after;
    this.inactive = inactive == 0 ? Long.MAX_VALUE : inactive;
  }

  @Override
  public boolean shouldRollOnEvent(PartFileInfo<String> file, Object element) throws IOException {
    return size != Long.MAX_VALUE && file.getSize() >= size;
  }

  @Override
  public boolean shouldRollOnProcessingTime(PartFileInfo<String> file, long now) {
    return now - file.getCreationTime() >= after || now - file.getLastUpdateTime() >= inactive;
  }

  /** Milliseconds between two looks. */
  long interval() {
    return Math.max(OFTEN, Math.min(RARELY, Math.min(after, inactive) / 4));
  }
}
