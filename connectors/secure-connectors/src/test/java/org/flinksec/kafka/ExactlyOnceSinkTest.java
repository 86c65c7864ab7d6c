// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.Map;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink.PrecommittingStatefulSinkWriter;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.KafkaException;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExactlyOnceSinkTest {
  private static final Map<String, String> PROPERTIES =
      Map.of("bootstrap.servers", "localhost:1", "transaction.timeout.ms", "60000");

  private static ExactlyOnceSink<String> sink(String naming) {
    return ExactlyOnceSink.of(
        JsonTextSerializationSchema.of("t", ""), PROPERTIES, "job:t-", naming, "fail", "t");
  }

  private static KafkaSink<String> flinks() {
    return KafkaSink.<String>builder()
        .setBootstrapServers("localhost:1")
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix("job:t-")
        .setRecordSerializer(JsonTextSerializationSchema.of("t", ""))
        .build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"incrementing", "pooling"})
  void aCheckpointOfFlinksOwnSinkIsRead(String naming) throws Exception {
    ExactlyOnceSink<String> ours = InstantiationUtil.clone(sink(naming));
    KafkaCommittable written = new KafkaCommittable(7, (short) 3, "job:t-0-1", null);
    SimpleVersionedSerializer<KafkaCommittable> theirs = flinks().getCommittableSerializer();
    SimpleVersionedSerializer<KafkaCommittable> read = ours.getCommittableSerializer();
    assertThat(read.deserialize(theirs.getVersion(), theirs.serialize(written))).isEqualTo(written);
    assertThat(ours.getWriterStateSerializer()).hasSameClassAs(flinks().getWriterStateSerializer());
  }

  @Test
  void aWriterThatCannotAbortItsTransactionIsClosedAllTheSame() {
    KafkaException failed = new KafkaException("in an error state");
    assertThatCode(new QuietlyClosedWriter<>(closing(failed), null)::close)
        .doesNotThrowAnyException();
    assertThatThrownBy(new QuietlyClosedWriter<>(closing(new InterruptedException()), null)::close)
        .isInstanceOf(InterruptedException.class);
    assertThatThrownBy(new QuietlyClosedWriter<>(closing(new OutOfMemoryError()), null)::close)
        .isInstanceOf(OutOfMemoryError.class);
  }

  @Test
  void aSinkWithoutTransactionsIsFlinksButForItsWriter() throws Exception {
    QuietlyClosedSink<String> ours =
        InstantiationUtil.clone(
            QuietlyClosedSink.atLeastOnce(JsonTextSerializationSchema.of("t", ""), PROPERTIES));
    assertThat(ours)
        .extracting("sink.deliveryGuarantee")
        .isEqualTo(DeliveryGuarantee.AT_LEAST_ONCE);
    assertThat(ours.getWriterStateSerializer()).hasSameClassAs(flinks().getWriterStateSerializer());
    assertThat(ours.getCommittableSerializer()).hasSameClassAs(flinks().getCommittableSerializer());
  }

  @SuppressWarnings("unchecked")
  private static PrecommittingStatefulSinkWriter<String, KafkaWriterState, KafkaCommittable>
      closing(Throwable how) {
    return (PrecommittingStatefulSinkWriter<String, KafkaWriterState, KafkaCommittable>)
        Proxy.newProxyInstance(
            ExactlyOnceSinkTest.class.getClassLoader(),
            new Class<?>[] {PrecommittingStatefulSinkWriter.class},
            (proxy, method, arguments) -> {
              throw how;
            });
  }
}
