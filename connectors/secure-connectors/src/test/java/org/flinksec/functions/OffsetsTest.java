// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.flinksec.badrecords.Original;
import org.junit.jupiter.api.Test;

class OffsetsTest {
  private static Original read(String topic, int partition, long offset) {
    return new Original(topic, partition, offset, 0, null, new byte[0], List.of());
  }

  @Test
  void oneRecordIsNamedByItsOffset() {
    assertThat(Offsets.of(List.of(read("orders", 3, 17))))
        .isEqualTo("the Kafka record at topic orders, partition 3, offset 17");
  }

  @Test
  void severalOfOnePartitionAreARangeHoweverTheyCome() {
    assertThat(
            Offsets.of(List.of(read("orders", 0, 9), read("orders", 0, 5), read("orders", 0, 7))))
        .isEqualTo("Kafka records of topic orders, partition 0, offsets 5 to 9");
  }

  @Test
  void theSameRecordTwiceIsARangeOfOne() {
    assertThat(Offsets.of(List.of(read("orders", 0, 9), read("orders", 0, 9))))
        .isEqualTo("Kafka records of topic orders, partition 0, offsets 9 to 9");
  }

  @Test
  void partitionsAreInTheOrderOfTopicsAndNumbersEachWithItsOwnRange() {
    assertThat(
            Offsets.of(
                List.of(
                    read("orders", 10, 1),
                    read("orders", 2, 8),
                    read("events", 4, Long.MAX_VALUE),
                    read("orders", 2, 3))))
        .isEqualTo(
            "Kafka records of topic events, partition 4, offsets 9223372036854775807 to"
                + " 9223372036854775807; topic orders, partition 2, offsets 3 to 8; topic orders,"
                + " partition 10, offsets 1 to 1");
  }

  @Test
  void threePartitionsAreNamedAndTheOthersCounted() {
    List<Original> records = new ArrayList<>();
    for (int partition = 4; partition >= 0; partition--) {
      records.add(read("orders", partition, partition));
    }
    assertThat(Offsets.of(records))
        .startsWith("Kafka records of topic orders, partition 0, offsets 0 to 0; ")
        .contains("partition 2, offsets 2 to 2")
        .doesNotContain("partition 3")
        .endsWith("; and of 2 more partitions");
  }
}
