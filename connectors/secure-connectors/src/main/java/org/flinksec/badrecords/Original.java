// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.util.List;

/**
 * A record of Kafka as it was read, byte for byte.
 *
 * @param timestamp in epoch milliseconds; negative where the record has none
 * @param key null where there is none
 * @param value null where there is none
 * @param headers in their order
 */
public record Original(
    String topic,
    int partition,
    long offset,
    long timestamp,
    byte[] key,
    byte[] value,
    List<Original.Header> headers) {
  /**
   * One header; several may have one name.
   *
   * @param value null where there is none
   */
  public record Header(String name, byte[] value) {}

  /** Which record it is. */
  public Origin origin() {
    return new Origin.Kafka(topic, partition, offset);
  }
}
