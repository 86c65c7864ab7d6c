// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializationSchema.InitializationContext;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.flinksec.badrecords.DeadLetterException;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.LetterPolicy;

/** Writes a stream of dead letters, which are bytes that {@link Letter#toBytes} made. */
public final class LetterSerializationSchema implements KafkaRecordSerializationSchema<byte[]> {
  private static final long serialVersionUID = 1L;

  private final LetterPolicy policy;
  private final HashMap<String, String> client;
  private transient LetterWriter letters;

  private LetterSerializationSchema(LetterPolicy policy, Map<String, String> client) {
    this.policy = policy;
    this.client = new HashMap<>(client);
  }

  /**
   * @param policy where the letters go, and how many there may be
   * @param client the properties of the job's producers
   */
  public static LetterSerializationSchema of(LetterPolicy policy, Map<String, String> client) {
    return new LetterSerializationSchema(policy, client);
  }

  @Override
  public void open(InitializationContext context, KafkaSinkContext sink) {
    if (letters != null) {
      return; // Flink's writer of transactions opens it twice: its metrics would not be those shown
    }
    letters =
        new LetterWriter(
            policy,
            context.getMetricGroup(),
            sink.getParallelInstanceId(),
            new TopicLimits(client));
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      byte[] bytes, KafkaSinkContext context, Long timestamp) {
    try {
      return letters.record(Letter.of(bytes));
    } catch (DeadLetterException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }
}
