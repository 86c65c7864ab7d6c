// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.kafka;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes and reads the records of a topic as lines. */
final class Records {
  private static final int PROGRESS_EVERY = 5000;
  private static final Duration POLL = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private Records() {}

  static void produce(Properties client, String topic) throws IOException {
    client.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, "20");
    client.putIfAbsent(ProducerConfig.BATCH_SIZE_CONFIG, "131072");
    client.putIfAbsent(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    StringSerializer strings = new StringSerializer();
    AtomicReference<Exception> failure = new AtomicReference<>();
    PrintStream progress = System.out;
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 16);
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(client, strings, strings)) {
      long sent = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        producer.send(
            record(topic, line),
            (metadata, error) -> {
              if (error != null) {
                failure.compareAndSet(null, error);
              }
            });
        if (++sent % PROGRESS_EVERY == 0) {
          rethrow(failure.get());
          progress.println(sent);
        }
      }
      producer.flush();
      rethrow(failure.get());
      progress.println(sent);
    }
  }

  private static ProducerRecord<String, String> record(String topic, String line) {
    String[] parts = line.split("\t", 3);
    return new ProducerRecord<>(topic, null, Long.parseLong(parts[0]), parts[1], parts[2]);
  }

  private static void rethrow(Exception failure) {
    if (failure != null) {
      throw new IllegalStateException("a record was not written", failure);
    }
  }

  static void consume(Properties client, String topic) throws IOException {
    Writer out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
    try (KafkaConsumer<String, String> consumer = consumer(client)) {
      List<TopicPartition> partitions = partitions(consumer, topic);
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      // The end for this isolation level: open transactions lie behind it.
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
      while (ends.entrySet().stream()
          .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        for (ConsumerRecord<String, String> record : consumer.poll(POLL)) {
          out.append(record.value()).append('\n');
        }
      }
    }
    out.flush();
  }

  static void size(Properties client, String topic) {
    try (KafkaConsumer<String, String> consumer = consumer(client)) {
      List<TopicPartition> partitions = partitions(consumer, topic);
      long ends = sum(consumer.endOffsets(partitions, PATIENCE));
      System.out.println(ends - sum(consumer.beginningOffsets(partitions, PATIENCE)));
    }
  }

  private static long sum(Map<TopicPartition, Long> offsets) {
    return offsets.values().stream().mapToLong(Long::longValue).sum();
  }

  private static KafkaConsumer<String, String> consumer(Properties client) {
    client.putIfAbsent(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    StringDeserializer strings = new StringDeserializer();
    return new KafkaConsumer<>(client, strings, strings);
  }

  private static List<TopicPartition> partitions(
      KafkaConsumer<String, String> consumer, String topic) {
    return consumer.partitionsFor(topic, PATIENCE).stream()
        .map(info -> new TopicPartition(topic, info.partition()))
        .toList();
  }
}
