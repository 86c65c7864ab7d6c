// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Who chooses the partition of a record that does not name one itself. */
enum Partitioning {
  /** Kafka's producer: by the hash of the key, else batch after batch. */
  KAFKA,
  /** Each parallel instance of the sink writes one partition. */
  FIXED,
  /** Each parallel instance of the sink writes all partitions in turn. */
  ROUND_ROBIN;

  static Partitioning parse(String word) {
    return Arrays.stream(values())
        .filter(one -> one.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "partitioner is '%s'; it must be one of %s"
                        .formatted(
                            word,
                            Arrays.stream(values())
                                .map(Partitioning::word)
                                .collect(Collectors.joining(", ")))));
  }

  private String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
