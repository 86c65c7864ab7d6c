// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.SourceReaderBase;
import org.apache.flink.connector.base.source.reader.fetcher.SplitFetcherManager;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.testutils.source.reader.TestingReaderContext;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.flinksec.kafka.RecordsAndFindings.Findings;
import org.flinksec.timestamps.IdleOnceRead;
import org.flinksec.timestamps.Parts;
import org.flinksec.timestamps.PartsReader;
import org.flinksec.timestamps.ReadParts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LosslessSourceTest {
  private static final TopicPartition ONE = new TopicPartition("orders", 0);
  private static final TopicPartition OTHER = new TopicPartition("orders", 1);

  private static KafkaSource<String> flinks(OffsetsInitializer start, Properties more) {
    return KafkaSource.<String>builder()
        .setBootstrapServers("localhost:1")
        .setGroupId("g")
        .setTopics("orders")
        .setProperties(more)
        .setStartingOffsets(start)
        .setValueOnlyDeserializer(new SimpleStringSchema())
        .build();
  }

  private static Object of(KafkaSource<?> source, String name) throws Exception {
    Field field = KafkaSource.class.getDeclaredField(name);
    field.setAccessible(true);
    return field.get(source);
  }

  private static String reset(KafkaSource<?> source) throws Exception {
    return ((Properties) of(source, "props")).getProperty("auto.offset.reset");
  }

  @ParameterizedTest
  @ValueSource(strings = {"earliest", "latest"})
  void theConsumerGoesNowhereByItselfWhereverItBegan(String start) throws Exception {
    KafkaSource<String> source =
        flinks(
            start.equals("latest") ? OffsetsInitializer.latest() : OffsetsInitializer.earliest(),
            new Properties());
    assertThat(reset(source)).isEqualTo(start);
    LosslessSource.of(source);
    assertThat(reset(source)).isEqualTo("none");
  }

  @Test
  void itGoesToTheEarliestIfTheSettingsSaySo() throws Exception {
    Properties chosen = new Properties();
    chosen.setProperty(LosslessSource.ON_LOST, "earliest");
    KafkaSource<String> source = flinks(OffsetsInitializer.latest(), chosen);
    LosslessSource.of(source);
    assertThat(reset(source)).isEqualTo("earliest");
  }

  @Test
  void partitionsOfWhichAGroupHasNoOffsetBeginAtTheEarliest() throws Exception {
    KafkaSource<String> source =
        flinks(OffsetsInitializer.committedOffsets(OffsetResetStrategy.LATEST), new Properties());
    LosslessSource.of(source);
    OffsetsInitializer start = (OffsetsInitializer) of(source, "startingOffsetsInitializer");
    OffsetsInitializer.PartitionOffsetsRetriever group =
        answering(OffsetsInitializer.PartitionOffsetsRetriever.class, Map.of(ONE, 7L));
    assertThat(start.getPartitionOffsets(List.of(ONE, OTHER), group))
        .isEqualTo(Map.of(ONE, 7L, OTHER, KafkaPartitionSplit.EARLIEST_OFFSET));
  }

  /** In the checkpoints of an enumerator, so that no restart finds another one. */
  @Test
  void theEndAtTheOffsetsOfAGroupIsFoundOnceAndNotByReaders() throws Exception {
    KafkaSource<String> source =
        KafkaSource.<String>builder()
            .setBootstrapServers("localhost:1")
            .setGroupId("g")
            .setTopics("orders")
            .setBounded(OffsetsInitializer.committedOffsets())
            .setValueOnlyDeserializer(new SimpleStringSchema())
            .build();
    LosslessSource.of(source);
    OffsetsInitializer end = (OffsetsInitializer) of(source, "stoppingOffsetsInitializer");
    OffsetsInitializer.PartitionOffsetsRetriever group =
        answering(OffsetsInitializer.PartitionOffsetsRetriever.class, Map.of(ONE, 7L));
    assertThat(end.getPartitionOffsets(List.of(ONE), group)).isEqualTo(Map.of(ONE, 7L));
    assertThatThrownBy(() -> end.getPartitionOffsets(List.of(ONE, OTHER), group))
        .hasMessage("orders-1 ends at the offset of the consumer group, which has none of it");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void noPartitionOfASourceThatEndsIsIdle(boolean ends) throws Exception {
    KafkaSource<String> flinks = flinks(OffsetsInitializer.earliest(), new Properties());
    if (ends) {
      Field boundedness = KafkaSource.class.getDeclaredField("boundedness");
      boundedness.setAccessible(true);
      boundedness.set(flinks, Boundedness.BOUNDED);
    }
    try (SourceReader<String, ?> reader =
        LosslessSource.of(flinks).createReader(new TestingReaderContext())) {
      Object partitions = in(PartsReader.class, "parts", reader);
      assertThat(in(Parts.class, "areBounded", partitions)).isEqualTo(ends);
    }
  }

  @Test
  void anOffsetThatHasGoneEndsTheJobByName() {
    RuntimeException ofAThread =
        new RuntimeException(
            "One or more fetchers have encountered exception",
            new OffsetOutOfRangeException(Map.of(ONE, 7L)));
    assertThatThrownBy(() -> failing(ofAThread).pollNext(answering(ReaderOutput.class, null)))
        .isInstanceOf(LostOffsetsException.class)
        .hasMessageContaining("offset 7 of orders-0")
        .hasMessageContaining("kafka.on_lost_offsets")
        .satisfies(
            lost ->
                assertThat(
                        ThrowableClassifier.findThrowableOfThrowableType(
                            lost, ThrowableType.NonRecoverableError))
                    .isPresent());
  }

  @Test
  void anyOtherFailureIsAsItWas() {
    RuntimeException other = new RuntimeException("other", new IllegalStateException("cause"));
    assertThatThrownBy(() -> failing(other).pollNext(answering(ReaderOutput.class, null)))
        .isSameAs(other);
  }

  @Test
  void itsPartitionsAreReadByAReaderThatConfirmsWhatHasBeenRead() throws Exception {
    LosslessSource<String> source =
        LosslessSource.of(flinks(OffsetsInitializer.earliest(), new Properties()));
    try (SourceReader<String, ?> reader = source.createReader(new TestingReaderContext())) {
      Object flinks = in(PartsReader.class, "reader", reader);
      Object fetchers = in(SourceReaderBase.class, "splitFetcherManager", flinks);
      Supplier<?> made =
          (Supplier<?>) in(SplitFetcherManager.class, "splitReaderFactory", fetchers);
      try (ConfirmingReader confirming = (ConfirmingReader) made.get()) {
        assertThat(confirming.fetch().nextSplit()).isNull();
      }
    }
  }

  private static Object in(Class<?> type, String name, Object object) throws Exception {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field.get(object);
  }

  @Test
  void whatWasFoundIsTrueWhereRecordsBeginAndEnd() {
    ReadParts<Long> reading =
        new ReadParts<>(
            IdleOnceRead.of(
                WatermarkStrategy.<Long>forBoundedOutOfOrderness(Duration.ZERO)
                    .withIdleness(Duration.ofSeconds(1))
                    .withTimestampAssigner((element, before) -> element)));
    reading.add("a", "b", "c");
    reading.pass(Duration.ofSeconds(2));
    reading.parts.haveBeenRead(List.of("a", "b"));
    RecordsAndFindings<Long> found =
        new RecordsAndFindings<>(
            records("c", 100L), reading.parts, new Findings(List.of("a"), List.of(), List.of("a")));
    assertThat(found.nextSplit()).isEqualTo("c");
    reading.read("c", found.nextRecordFromSplit());
    reading.pass(Duration.ofSeconds(5));
    assertThat(reading.told).isEmpty();
    found.recycle();
    assertThat(reading.told).containsExactly(99L);
    RecordsAndFindings<Long> later =
        new RecordsAndFindings<>(
            records("c", 200L), reading.parts, new Findings(List.of(), List.of("a"), List.of()));
    assertThat(later.nextSplit()).isEqualTo("c");
    reading.read("c", later.nextRecordFromSplit());
    later.recycle();
    reading.pass(Duration.ofSeconds(5));
    assertThat(reading.told).containsExactly(99L);
    assertThat(reading.parts.isQuiet("a")).isTrue();
  }

  @Test
  void whatIsConfirmedInTheFetchOfARecordLeavesNoUnreadRecordsOut() {
    ReadParts<Long> reading =
        new ReadParts<>(
            IdleOnceRead.of(
                WatermarkStrategy.<Long>forBoundedOutOfOrderness(Duration.ZERO)
                    .withIdleness(Duration.ofSeconds(10))
                    .withTimestampAssigner((element, before) -> element)));
    reading.add("a", "b");
    reading.pass(Duration.ofSeconds(10));
    reading.parts.haveBeenRead(List.of("a"));
    reading.read("b", 150L);
    RecordsAndFindings<Long> found =
        new RecordsAndFindings<>(
            records("a", 100L), reading.parts, new Findings(List.of("a"), List.of(), List.of("a")));
    assertThat(found.nextSplit()).isEqualTo("a");
    reading.read("a", found.nextRecordFromSplit());
    reading.pass(Duration.ofSeconds(1));
    found.recycle();
    for (long element = 200; element < 260; element++) {
      reading.read("b", element);
      reading.pass(Duration.ofSeconds(1));
    }
    assertThat(reading.told).containsExactly(99L);
  }

  private static RecordsBySplits<Long> records(String split, long element) {
    RecordsBySplits.Builder<Long> records = new RecordsBySplits.Builder<>();
    records.add(split, element);
    return records.build();
  }

  @SuppressWarnings("unchecked") // of which only one method is called
  private static LosslessReader<String, KafkaPartitionSplit> failing(RuntimeException failure) {
    return new LosslessReader<>(
        answering(SourceReader.class, failure), new TestingReaderContext(), new Parts());
  }

  private static <I> I answering(Class<I> type, Object answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, given) -> {
              if (answer instanceof RuntimeException failure) {
                throw failure;
              }
              return answer;
            }));
  }
}
