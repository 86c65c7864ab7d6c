// SPDX-License-Identifier: Apache-2.0

import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Copies a topic's one partition with nothing but Kafka's clients: {@code KafkaLoop FROM TO}, the
 * clients' properties on its standard input. Prints the seconds from the first record to the last
 * acknowledgement.
 */
public final class KafkaLoop {
  private KafkaLoop() {}

  public static void main(String[] topics) throws Exception {
    Properties properties = new Properties();
    properties.load(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    TopicPartition from = new TopicPartition(topics[0], 0);
    ByteArraySerializer writes = new ByteArraySerializer();
    ByteArrayDeserializer reads = new ByteArrayDeserializer();
    long start = 0;
    try (KafkaConsumer<byte[], byte[]> in = new KafkaConsumer<>(properties, reads, reads);
        KafkaProducer<byte[], byte[]> out = new KafkaProducer<>(properties, writes, writes)) {
      in.assign(List.of(from));
      in.seekToBeginning(List.of(from));
      long end = in.endOffsets(List.of(from)).get(from);
      out.partitionsFor(topics[1]);
      while (in.position(from) < end) {
        for (ConsumerRecord<byte[], byte[]> record : in.poll(Duration.ofMillis(100))) {
          start = start == 0 ? System.nanoTime() : start;
          out.send(new ProducerRecord<>(topics[1], record.key(), record.value()));
        }
      }
      out.flush();
      System.out.println((System.nanoTime() - start) / 1e9);
    }
  }
}
