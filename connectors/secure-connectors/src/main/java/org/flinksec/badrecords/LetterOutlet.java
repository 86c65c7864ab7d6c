// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.io.Closeable;
import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.metrics.MetricGroup;

/**
 * Where a sink that is none of Kafka's puts its dead letters. It may be used by several threads.
 */
public interface LetterOutlet extends Closeable {
  /**
   * Takes a letter, which need not be written yet.
   *
   * @throws IOException if it cannot be kept, or one before could not be written
   */
  void put(Letter letter) throws IOException;

  /**
   * Returns when all letters are written.
   *
   * @throws IOException if one could not be
   */
  void flush() throws IOException;

  /** Makes one where the sink runs. */
  @FunctionalInterface
  interface Factory extends Serializable {
    /**
     * @param metrics those of the sink
     * @param task the number of its parallel instance, from 0
     */
    LetterOutlet open(MetricGroup metrics, int task);
  }
}
