// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.time.Duration;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;

/**
 * When a batch is full, and what its function may take.
 *
 * @param records so many at most
 * @param bytes from so many on, as MessagePack
 * @param millis a record waits no longer than that for others
 * @param processBytes of memory that the process of a function may have; the largest number for any
 */
record Limits(int records, int bytes, long millis, long processBytes) {
  private static final ConfigOption<Integer> RECORDS =
      ConfigOptions.key("flinksec.python.batch-records").intType().defaultValue(1000);
  private static final ConfigOption<Integer> BYTES =
      ConfigOptions.key("flinksec.python.batch-bytes").intType().defaultValue(1 << 20);
  private static final ConfigOption<Duration> WAIT =
      ConfigOptions.key("flinksec.python.batch-wait")
          .durationType()
          .defaultValue(Duration.ofMillis(5));
  private static final ConfigOption<MemorySize> PROCESS_MEMORY =
      ConfigOptions.key("flinksec.python.process-memory").memoryType().noDefaultValue();

  static Limits of(ReadableConfig config) {
    return new Limits(
        config.get(RECORDS),
        config.get(BYTES),
        config.get(WAIT).toMillis(),
        config.getOptional(PROCESS_MEMORY).map(MemorySize::getBytes).orElse(Long.MAX_VALUE));
  }
}
