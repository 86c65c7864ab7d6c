// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;

/** When partitions end, held against the times that their names are made of. */
class PartitionEndsTest {
  private static final List<List<String>> PATTERNS =
      List.of(
          List.of("=day=", "{:%Y-%m-%d"),
          List.of("=x=", "{name", "/", "{:%Y", "/", "{:%m", "/", "{:%d", "/", "=h", "{:%H"),
          List.of("{:%Y", "/", "{:%j", "/", "{:%H-%M-%S"),
          List.of("{:%Y%m%dT%H%M"),
          List.of("=week=", "{:%G = %V"),
          List.of("{:%G%V%u", "/", "{name", "=-", "{name"),
          List.of("{:%Y-%m"),
          List.of("{:%Y"));

  private record At(long millis) implements BucketAssigner.Context {
    @Override
    public long currentProcessingTime() {
      return 0;
    }

    @Override
    public long currentWatermark() {
      return 0;
    }

    @Override
    public Long timestamp() {
      return millis;
    }
  }

  @Test
  void aPartitionHoldsItsRowsUntilItsEndAndTheNextOneBeginsThere() {
    Random random = new Random(3);
    for (List<String> parts : PATTERNS) {
      Partitions partitions =
          Partitions.of(Types.ROW_NAMED(new String[] {"name"}, Types.STRING), parts, "/x");
      PartitionEnds ends = new PartitionEnds(parts, 0);
      for (int i = 0; i < 2_000; i++) {
        long at =
            Instant.parse("2019-12-29T00:00:00Z").toEpochMilli()
                + (long) (random.nextDouble() * 3e11);
        Row row = Row.of(List.of("AA", "", "a/b=2", "..").get(i % 4));
        String name = partitions.getBucketId(row, new At(at));
        long end = ends.end(name);
        assertThat(end).as(name).isGreaterThan(at);
        // Exactly there: a millisecond before it the name is the same, and then another.
        assertThat(partitions.getBucketId(row, new At(end - 1))).isEqualTo(name);
        assertThat(partitions.getBucketId(row, new At(end))).isNotEqualTo(name);
      }
    }
  }

  @Test
  void aDelayComesOnTopAndWhatIsNoTimeNeverEnds() {
    PartitionEnds ends = new PartitionEnds(List.of("=day=", "{:%Y-%m-%d"), 600_000);
    assertThat(ends.end("day=2024-12-31"))
        .isEqualTo(Instant.parse("2025-01-01T00:10:00Z").toEpochMilli());
    for (String odd :
        List.of("day=" + PartitionNames.NONE, "day=2024-13-01", "day=2023-02-29", "", "day=x")) {
      assertThat(ends.end(odd)).as(odd).isEqualTo(PartitionEnds.NEVER);
    }
  }
}
