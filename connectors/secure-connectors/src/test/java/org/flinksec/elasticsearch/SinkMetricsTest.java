// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.metrics.testutils.MetricListener;
import org.apache.flink.runtime.metrics.groups.MetricsGroupTestUtils;
import org.apache.flink.runtime.metrics.groups.UnregisteredMetricGroups;
import org.apache.flink.types.Row;
import org.flinksec.elasticsearch.FakeElasticsearch.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the sink tells of itself, heard by Flink's own listener. */
@Timeout(300)
class SinkMetricsTest extends SinkAgainstAFake {
  private final MetricListener listener = new MetricListener();

  @Override
  WriterInitContext context() {
    SinkWriterMetricGroup group =
        MetricsGroupTestUtils.mockWriterMetricGroup(
            listener.getMetricGroup(),
            UnregisteredMetricGroups.createUnregisteredOperatorMetricGroup().getIOMetricGroup());
    return new OneMailbox() {
      @Override
      public SinkWriterMetricGroup metricGroup() {
        return group;
      }
    };
  }

  private long counter(String... names) {
    return listener.getCounter(names).orElseThrow().getCount();
  }

  private Number gauge(String... names) {
    return listener.<Number>getGauge(names).orElseThrow().getValue();
  }

  @Test
  void eachDocumentIsCountedUnderFlinksNamesAndByWhatBecameOfIt() throws Exception {
    config.put("operation", "create");
    config.put("on_error", "dead_letter");
    config.put("dead_letter_index", "dead");
    config.put("retry_backoff", "1");
    elasticsearch.delayMillis(5);
    AtomicInteger busy = new AtomicInteger();
    elasticsearch.items(
        operation ->
            switch (String.valueOf(operation.id())) {
              case "bad" -> Answer.of(400);
              case "there" -> new Answer(409, "version_conflict_engine_exception", "");
              case "busy" -> Answer.of(busy.getAndIncrement() < 2 ? 429 : 201);
              default -> Answer.of(201);
            });
    try (var writer = writer()) {
      write(writer, Row.of("good", 1L), Row.of("bad", 1L), Row.of("there", 1L));
      write(writer, Row.of("busy", 1L), Row.of("", 1L)); // The last one has no id: a letter.
      assertThat(gauge("flinksec", "documentsWaiting")).isEqualTo(5);
      writer.flush(true);
    }
    // Each document once, though one was sent three times; and no letters.
    assertThat(counter("numRecordsSend")).isEqualTo(4);
    int bytes =
        Stream.of("good", "bad", "there", "busy")
            .mapToInt(id -> "{\"id\":\"%s\",\"n\":1}".formatted(id).length())
            .sum();
    assertThat(counter("numBytesSend")).isBetween(bytes + 0L, bytes + 4 * 40L);
    assertThat(counter("numRecordsSendErrors")).isEqualTo(1);
    assertThat(gauge("currentSendTime").longValue()).isBetween(5L, 5000L);
    assertThat(counter("flinksec", "retriedDocuments")).isEqualTo(2);
    assertThat(counter("flinksec", "conflictingDocuments")).isEqualTo(1);
    assertThat(counter("flinksec", "rejectedDocuments")).isEqualTo(2);
    assertThat(counter("flinksec", "deadLetters")).isEqualTo(2);
    assertThat(gauge("flinksec", "requestMillis").longValue()).isBetween(5L, 5000L);
    assertThat(gauge("flinksec", "requestsInFlight")).isEqualTo(0);
    assertThat(gauge("flinksec", "documentsInFlight")).isEqualTo(0);
    assertThat(gauge("flinksec", "documentsWaiting")).isEqualTo(0);
    assertThat(gauge("flinksec", "documentsInFlightLimit").intValue()).isLessThan(4000);
  }

  @Test
  void whatIsInFlightIsToldWhileItIs() throws Exception {
    config.put("max_batch_size", "2");
    elasticsearch.delayMillis(300);
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L), Row.of("b", 1L), Row.of("c", 1L));
      assertThat(gauge("flinksec", "requestsInFlight")).isEqualTo(1);
      assertThat(gauge("flinksec", "documentsInFlight")).isEqualTo(2);
      assertThat(gauge("flinksec", "documentsWaiting")).isEqualTo(1);
      writer.flush(true);
      assertThat(gauge("flinksec", "requestsInFlight")).isEqualTo(0);
    }
  }
}
