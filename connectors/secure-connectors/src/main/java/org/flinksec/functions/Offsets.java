// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.flinksec.badrecords.Original;

/** Tells for a message which records of Kafka something may be about. */
final class Offsets {
  private static final int MOST = 3;

  private Offsets() {}

  private record Partition(String topic, int partition) {}

  /** One record by its offset, several by the first and the last offset of each partition. */
  static String of(List<Original> records) {
    if (records.size() == 1) {
      return records.get(0).origin().one();
    }
    Map<Partition, List<Original>> partitions =
        records.stream()
            .collect(
                Collectors.groupingBy(
                    each -> new Partition(each.topic(), each.partition()),
                    () ->
                        new TreeMap<>(
                            Comparator.comparing(Partition::topic)
                                .thenComparing(Partition::partition)),
                    Collectors.toList()));
    String said =
        partitions.entrySet().stream()
            .limit(MOST)
            .map(each -> range(each.getKey(), each.getValue()))
            .collect(Collectors.joining("; "));
    int more = partitions.size() - MOST;
    return "Kafka records of "
        + said
        + (more > 0 ? "; and of %d more partitions".formatted(more) : "");
  }

  private static String range(Partition where, List<Original> records) {
    long first = records.stream().mapToLong(Original::offset).min().orElseThrow();
    long last = records.stream().mapToLong(Original::offset).max().orElseThrow();
    return "topic %s, partition %d, offsets %d to %d"
        .formatted(where.topic(), where.partition(), first, last);
  }
}
