// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LosslessSourceTest {
  private static final TopicPartition ONE = new TopicPartition("orders", 0);
  private static final TopicPartition OTHER = new TopicPartition("orders", 1);

  private static KafkaSource<String> flinks(OffsetsInitializer start, Properties more) {
    return KafkaSource.<String>builder()
        .setBootstrapServers("a:1")
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

  @Test
  void anOffsetThatHasGoneEndsTheJobByName() {
    RuntimeException ofAThread =
        new RuntimeException(
            "One or more fetchers have encountered exception",
            new OffsetOutOfRangeException(Map.of(ONE, 7L)));
    assertThatThrownBy(() -> failing(ofAThread).pollNext(null))
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
    assertThatThrownBy(() -> failing(other).pollNext(null)).isSameAs(other);
  }

  @SuppressWarnings("unchecked") // of which only one method is called
  private static LosslessReader<String, KafkaPartitionSplit> failing(RuntimeException failure) {
    return new LosslessReader<>(answering(SourceReader.class, failure));
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
