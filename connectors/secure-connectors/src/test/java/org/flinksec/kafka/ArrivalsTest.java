// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.types.Row;
import org.apache.flink.util.clock.ManualClock;
import org.apache.flink.util.clock.RelativeClock;
import org.flinksec.badrecords.Current;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.timestamps.IdleOnceRead;
import org.flinksec.timestamps.ReadParts;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  private static final ConsumerRecord<byte[], byte[]> RECORD =
      new ConsumerRecord<>("t", 1, 7, new byte[] {1}, new byte[] {2});

  @Test
  void aLetterNeitherAdvancesTheWatermarkNorKeepsAPartitionFromBeingIdle() {
    ManualClock clock = new ManualClock();
    ArrivalWatermarks watermarks =
        new ArrivalWatermarks(
            WatermarkStrategy.<Row>forBoundedOutOfOrderness(Duration.ZERO)
                .withIdleness(Duration.ofSeconds(10))
                .withTimestampAssigner((row, before) -> (Long) row.getField(0)));
    WatermarkGenerator<Arrival> generator = watermarks.createWatermarkGenerator(context(clock));
    Told told = new Told();
    Arrival row = new Arrival(Row.of(1000L), RECORD);
    long time = watermarks.createTimestampAssigner(() -> null).extractTimestamp(row, 5);
    assertThat(time).isEqualTo(1000);
    generator.onEvent(row, time, told);
    generator.onPeriodicEmit(told);
    assertThat(told.watermarks).containsExactly(999L);

    for (int second = 0; second < 30; second++) {
      clock.advanceTime(Duration.ofSeconds(1));
      generator.onEvent(letter(), Long.MAX_VALUE, told);
      generator.onPeriodicEmit(told);
    }
    assertThat(told.watermarks).containsOnly(999L);
    assertThat(told.idle).isTrue();
  }

  @Test
  void aPartitionThatBringsLettersOnlyIsLeftOutOnceItHasBeenRead() {
    ReadParts<Arrival> reading =
        new ReadParts<>(
            new ArrivalWatermarks(
                IdleOnceRead.of(
                    WatermarkStrategy.<Row>forBoundedOutOfOrderness(Duration.ZERO)
                        .withIdleness(Duration.ofSeconds(10))
                        .withTimestampAssigner((row, before) -> (Long) row.getField(0)))));
    reading.add("a", "b");
    reading.read("a", new Arrival(Row.of(1000L), RECORD));
    for (int second = 0; second < 30; second++) {
      reading.read("b", letter());
      reading.pass(Duration.ofSeconds(1));
    }
    assertThat(reading.told).isEmpty();
    assertThat(reading.parts.isQuiet("b")).isTrue();
    reading.parts.haveBeenRead(List.of("b"));
    reading.read("b", letter());
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).containsExactly(999L);
  }

  @Test
  void anArrivalIsTheSameAfterAWayByNetworkAndTheObjectItselfWithinAChain() throws Exception {
    TypeSerializer<Arrival> serializer =
        new ArrivalTypeInfo(Types.ROW(Types.LONG)).createSerializer(new SerializerConfigImpl());
    Arrival row = new Arrival(Row.of(5L), RECORD);
    assertThat(serializer.copy(row)).isSameAs(row);
    Arrival there = sent(serializer, row);
    assertThat(there.row()).isEqualTo(Row.of(5L));
    assertThat(there.original()).usingRecursiveComparison().isEqualTo(row.original());
    assertThat(sent(serializer, letter()).letter()).isEqualTo(letter().letter());
    assertThat(sent(serializer, there).original())
        .usingRecursiveComparison()
        .isEqualTo(row.original());
  }

  @Test
  void rowsGoOnWithTheirRecordKnownAndLettersGoBeside() throws Exception {
    try (OneInputStreamOperatorTestHarness<Arrival, Row> harness =
        new OneInputStreamOperatorTestHarness<>(new ProcessOperator<>(new ArrivalSplit()))) {
      harness.open();
      harness.processElement(new Arrival(Row.of(1L), RECORD), 10);
      harness.processElement(letter(), 20);
      assertThat(harness.extractOutputValues()).containsExactly(Row.of(1L));
      assertThat(harness.getSideOutput(ArrivalSplit.LETTERS))
          .extracting(StreamRecord::getValue)
          .containsExactly(letter().letter());
      assertThat(Current.ofThread().original()).isNull();
    }
  }

  private static Arrival letter() {
    return new Arrival(
        Letter.undecodable(
                LetterRecords.original(RECORD), ArrivalsTest.class, new UndecodableException("no"))
            .toBytes());
  }

  private static Arrival sent(TypeSerializer<Arrival> serializer, Arrival arrival)
      throws Exception {
    DataOutputSerializer out = new DataOutputSerializer(64);
    serializer.serialize(arrival, out);
    return serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
  }

  private static org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier.Context context(
      RelativeClock clock) {
    return new org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier.Context() {
      @Override
      public org.apache.flink.metrics.MetricGroup getMetricGroup() {
        return new UnregisteredMetricsGroup();
      }

      @Override
      public RelativeClock getInputActivityClock() {
        return clock;
      }
    };
  }

  private static final class Told implements WatermarkOutput {
    final List<Long> watermarks = new ArrayList<>();
    boolean idle;

    @Override
    public void emitWatermark(Watermark watermark) {
      watermarks.add(watermark.getTimestamp());
    }

    @Override
    public void markIdle() {
      idle = true;
    }

    @Override
    public void markActive() {
      idle = false;
    }
  }
}
