// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.flinksec.choices.Choices;

/** Who chooses the partition of a record that does not name one itself. */
enum Partitioning {
  /** Kafka's producer: by the hash of the key, else batch after batch. */
  KAFKA,
  /** Each parallel instance of the sink writes one partition. */
  FIXED,
  /** Each parallel instance of the sink writes all partitions in turn. */
  ROUND_ROBIN;

  static Partitioning parse(String word) {
    return Choices.parse(Partitioning.class, "partitioner", word);
  }
}
