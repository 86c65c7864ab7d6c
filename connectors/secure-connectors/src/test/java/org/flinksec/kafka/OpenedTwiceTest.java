// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializationSchema.InitializationContext;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema.KafkaSinkContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.flinksec.badrecords.LetterPolicy;
import org.junit.jupiter.api.Test;

/** Of two counters with one name Flink shows the first, and Flink opens a serializer twice. */
class OpenedTwiceTest {
  private static final LetterPolicy POLICY = new LetterPolicy("job", "dead", 5, 1000);

  @Test
  void theCountersThatFlinkShowsAreThoseThatCount() throws Exception {
    KafkaRecordSerializationSchema<byte[]> letters = LetterSerializationSchema.of(POLICY, Map.of());
    assertThat(countersOf(letters)).containsExactly("deadLetters");
    KafkaRecordSerializationSchema<byte[]> records =
        BadRecordSerializationSchema.of(letters, "good", Map.of()).onError("skip", 1, POLICY);
    assertThat(countersOf(records))
        .doesNotHaveDuplicates()
        .contains("unwritableRecords", "deadLetters");
  }

  private static List<String> countersOf(KafkaRecordSerializationSchema<?> schema)
      throws Exception {
    List<String> counters = new ArrayList<>();
    MetricGroup metrics =
        new UnregisteredMetricsGroup() {
          @Override
          public MetricGroup addGroup(String name) {
            return this;
          }

          @Override
          public Counter counter(String name) {
            counters.add(name);
            return super.counter(name);
          }
        };
    InitializationContext context =
        stub(InitializationContext.class, Map.of("getMetricGroup", metrics));
    KafkaSinkContext sink = stub(KafkaSinkContext.class, Map.of("getParallelInstanceId", 0));
    schema.open(context, sink);
    schema.open(context, sink);
    return counters;
  }

  private static <T> T stub(Class<T> type, Map<String, Object> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> answers.get(method.getName())));
  }
}
