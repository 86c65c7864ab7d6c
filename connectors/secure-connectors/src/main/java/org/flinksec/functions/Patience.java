// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.time.Duration;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;

/**
 * How long a Python function may take for one record.
 *
 * @param limit in nanoseconds; the largest number for any time
 */
record Patience(long limit) {
  private static final ConfigOption<Duration> TIMEOUT =
      ConfigOptions.key("flinksec.python.function-timeout").durationType().noDefaultValue();
  private static final long LOOKS = 1_000_000_000L;
  private static final long WARNS = 10 * LOOKS;

  static Patience of(ReadableConfig config) {
    return new Patience(config.getOptional(TIMEOUT).map(Duration::toNanos).orElse(Long.MAX_VALUE));
  }

  /** The same for what may take any time. */
  Patience without() {
    return new Patience(Long.MAX_VALUE);
  }

  /** How long to wait between looks, in nanoseconds. */
  long looks() {
    return Math.min(LOOKS, Math.max(limit / 2, 1));
  }

  /** After how long the log first says that a function has not returned, in nanoseconds. */
  long warns() {
    return WARNS;
  }

  boolean isOver(long nanos) {
    return nanos >= limit;
  }
}
