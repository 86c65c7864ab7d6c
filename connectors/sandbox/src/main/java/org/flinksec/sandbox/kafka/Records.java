// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.kafka;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.flinksec.sandbox.Conversation;

/** Writes and reads the records of a topic as lines. */
final class Records {
  private static final String NULL = "-";
  private static final int PROGRESS_EVERY = 5000;
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private Records() {}

  static void produce(
      Properties client, String topic, Conversation.Given lines, Conversation.Told progress)
      throws IOException {
    send(client, line -> ofText(topic, line), lines, progress);
  }

  static void produceWhole(
      Properties client, String topic, Conversation.Given lines, Conversation.Told progress)
      throws IOException {
    send(client, line -> whole(topic, line), lines, progress);
  }

  private static void send(
      Properties client,
      Function<String, ProducerRecord<byte[], byte[]>> record,
      Conversation.Given lines,
      Conversation.Told progress)
      throws IOException {
    client.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, "20");
    client.putIfAbsent(ProducerConfig.BATCH_SIZE_CONFIG, "131072");
    client.putIfAbsent(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    ByteArraySerializer bytes = new ByteArraySerializer();
    AtomicReference<Exception> failure = new AtomicReference<>();
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(client, bytes, bytes)) {
      long sent = 0;
      for (String line = lines.next(); line != null; line = lines.next()) {
        producer.send(
            record.apply(line),
            (metadata, error) -> {
              if (error != null) {
                failure.compareAndSet(null, error);
              }
            });
        if (++sent % PROGRESS_EVERY == 0) {
          rethrow(failure.get());
          progress.line(Long.toString(sent));
          progress.flush();
        }
      }
      producer.flush();
      rethrow(failure.get());
      progress.line(Long.toString(sent));
    }
  }

  private static ProducerRecord<byte[], byte[]> ofText(String topic, String line) {
    String[] parts = line.split("\t", 3);
    byte[] key = parts[1].isEmpty() ? null : parts[1].getBytes(StandardCharsets.UTF_8);
    byte[] value = parts[2].getBytes(StandardCharsets.UTF_8);
    return new ProducerRecord<>(topic, null, timestamp(parts[0]), key, value);
  }

  private static ProducerRecord<byte[], byte[]> whole(String topic, String line) {
    String[] parts = line.split("\t", -1);
    List<Header> headers = new ArrayList<>();
    for (int at = 3; at < parts.length; at += 2) {
      String name = new String(bytes(parts[at]), StandardCharsets.UTF_8);
      headers.add(new RecordHeader(name, bytes(parts[at + 1])));
    }
    return new ProducerRecord<>(
        topic, null, timestamp(parts[0]), bytes(parts[1]), bytes(parts[2]), headers);
  }

  private static Long timestamp(String part) {
    return part.isEmpty() ? null : Long.valueOf(part);
  }

  private static void rethrow(Exception failure) {
    if (failure != null) {
      throw new IllegalStateException("a record was not written", failure);
    }
  }

  static void consume(Properties client, String topic, Conversation.Told told) throws IOException {
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(client)) {
      toTheEnd(consumer, topic, Long.MAX_VALUE, record -> told.line(text(record.value())));
    }
  }

  static void records(Properties client, String topic, long most, Conversation.Told told)
      throws IOException {
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(client)) {
      toTheEnd(
          consumer,
          topic,
          most,
          record -> {
            StringBuilder out = new StringBuilder();
            out.append(
                "%d\t%d\t%d\t%s\t%s"
                    .formatted(
                        record.partition(),
                        record.offset(),
                        record.timestamp(),
                        base64(record.key()),
                        base64(record.value())));
            for (Header header : record.headers()) {
              out.append('\t').append(base64(header.key().getBytes(StandardCharsets.UTF_8)));
              out.append('\t').append(base64(header.value()));
            }
            told.line(out.toString());
          });
    }
  }

  private static void toTheEnd(
      KafkaConsumer<byte[], byte[]> consumer, String topic, long most, Taker taker)
      throws IOException {
    List<TopicPartition> partitions = partitions(consumer, topic);
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    // The end for this isolation level: open transactions lie behind it.
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
    long taken = 0;
    while (taken < most
        && ends.entrySet().stream()
            .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        if (taken++ < most) {
          taker.take(record);
        }
      }
    }
  }

  private static String text(byte[] value) {
    return value == null ? "null" : new String(value, StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String base64) {
    return base64.equals(NULL) ? null : Base64.getDecoder().decode(base64);
  }

  private static String base64(byte[] value) {
    return value == null ? NULL : Base64.getEncoder().encodeToString(value);
  }

  /** Takes one record. */
  private interface Taker {
    void take(ConsumerRecord<byte[], byte[]> record) throws IOException;
  }

  static void size(Properties client, String topic, Conversation.Told told) throws IOException {
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(client)) {
      List<TopicPartition> partitions = partitions(consumer, topic);
      long ends = sum(consumer.endOffsets(partitions, PATIENCE));
      told.line(Long.toString(ends - sum(consumer.beginningOffsets(partitions, PATIENCE))));
    }
  }

  private static long sum(Map<TopicPartition, Long> offsets) {
    return offsets.values().stream().mapToLong(Long::longValue).sum();
  }

  private static KafkaConsumer<byte[], byte[]> consumer(Properties client) {
    client.putIfAbsent(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    return new KafkaConsumer<>(client, bytes, bytes);
  }

  private static List<TopicPartition> partitions(
      KafkaConsumer<byte[], byte[]> consumer, String topic) {
    return consumer.partitionsFor(topic, PATIENCE).stream()
        .map(info -> new TopicPartition(topic, info.partition()))
        .toList();
  }
}
