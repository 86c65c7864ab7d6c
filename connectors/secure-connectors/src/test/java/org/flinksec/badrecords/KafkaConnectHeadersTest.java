// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter;
import org.apache.kafka.connect.runtime.errors.ProcessingContext;
import org.apache.kafka.connect.util.ConnectorTaskId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Our headers against those that Kafka Connect's own class writes for the same failure. */
class KafkaConnectHeadersTest {
  @Test
  void theHeadersOfALetterAreThoseOfKafkaConnectForTheSameFailureInItsOrder() throws Exception {
    UndecodableException error = new UndecodableException("no document");
    List<Header> connects = ofConnect("VALUE_CONVERTER", error);
    assertThat(connects).hasSize(10);

    Original record = new Original("orders", 3, 17, 5, null, null, List.of());
    Letter letter = Letter.undecodable(record, KafkaConnectHeadersTest.class, error);
    Letter traced =
        new Letter(
            letter.stage(),
            record,
            null,
            5,
            letter.finder(),
            letter.exception(),
            letter.why(),
            "trace",
            null);
    List<Original.Header> ours =
        LetterHeaders.of(traced, "job", 2).stream()
            .filter(header -> header.name().startsWith(DeadLetterQueueReporter.HEADER_PREFIX))
            .toList();

    assertThat(ours).extracting(Original.Header::name).isEqualTo(names(connects));
    for (int place = 0; place < ours.size(); place++) {
      // Ours never has an exception's own text.
      if (!ours.get(place).name().equals(stacktrace())) {
        assertThat(text(ours.get(place).value())).isEqualTo(text(connects.get(place).value()));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void eachStageHasANameThatKafkaConnectKnows(Stage stage) {
    assertThat(Stream.of(org.apache.kafka.connect.runtime.errors.Stage.values()).map(Enum::name))
        .contains(stage.connectName());
  }

  /** What Kafka Connect writes around a record that it has failed with. */
  private static List<Header> ofConnect(String stage, Throwable error) throws Exception {
    ProcessingContext<ConsumerRecord<byte[], byte[]>> context =
        new ProcessingContext<>(new ConsumerRecord<>("orders", 3, 17, null, null));
    context.currentContext(
        org.apache.kafka.connect.runtime.errors.Stage.valueOf(stage),
        KafkaConnectHeadersTest.class);
    context.error(error);
    ProducerRecord<byte[], byte[]> written = new ProducerRecord<>("dead", null);
    Method populate =
        DeadLetterQueueReporter.class.getDeclaredMethod(
            "populateContextHeaders", ProducerRecord.class, ProcessingContext.class);
    populate.setAccessible(true);
    populate.invoke(reporter(), written, context);
    List<Header> headers = new ArrayList<>();
    written.headers().forEach(headers::add);
    return headers;
  }

  /** One without a producer, which its constructors need and its headers do not. */
  private static DeadLetterQueueReporter reporter() throws Exception {
    Field unsafe = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
    unsafe.setAccessible(true);
    DeadLetterQueueReporter reporter =
        (DeadLetterQueueReporter)
            ((sun.misc.Unsafe) unsafe.get(null)).allocateInstance(DeadLetterQueueReporter.class);
    Field id = DeadLetterQueueReporter.class.getDeclaredField("connectorTaskId");
    id.setAccessible(true);
    id.set(reporter, new ConnectorTaskId("job", 2));
    return reporter;
  }

  private static String stacktrace() {
    return DeadLetterQueueReporter.ERROR_HEADER_EXCEPTION_STACK_TRACE;
  }

  private static List<String> names(List<Header> headers) {
    return headers.stream().map(Header::key).toList();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
