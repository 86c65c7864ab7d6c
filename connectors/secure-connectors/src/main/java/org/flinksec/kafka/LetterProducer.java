// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.KafkaException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.InterruptException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.flink.metrics.MetricGroup;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.LetterOutlet;
import org.flinksec.badrecords.LetterPolicy;

/** Writes dead letters to a topic at least once, for a sink that is none of Kafka's. */
public final class LetterProducer implements LetterOutlet {
  private final LetterPolicy policy;
  private final LetterWriter letters;
  private final Map<String, Object> properties;
  private KafkaProducer<byte[], byte[]> producer;
  private volatile Exception failure;

  /**
   * Connects with the first letter.
   *
   * @param client the properties of the job's producers
   * @param metrics those of the operator that writes the letters
   * @param task the number of its parallel instance, from 0
   */
  public LetterProducer(
      LetterPolicy policy, Map<String, String> client, MetricGroup metrics, int task) {
    this.policy = policy;
    this.properties = new HashMap<>(client);
    this.letters = new LetterWriter(policy, metrics, task, new TopicLimits(client));
  }

  @Override
  public synchronized void put(Letter letter) throws IOException {
    requireNoFailure();
    try {
      if (producer == null) {
        producer =
            new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
      }
      producer.send(
          letters.record(letter),
          (written, error) -> {
            if (error != null) {
              failure = error;
            }
          });
    } catch (KafkaException e) {
      throw unwritten(e);
    }
  }

  @Override
  public void flush() throws IOException {
    KafkaProducer<byte[], byte[]> used;
    synchronized (this) {
      used = producer;
    }
    if (used != null) {
      try {
        used.flush();
      } catch (InterruptException e) {
        throw unwritten(e);
      }
    }
    requireNoFailure();
  }

  private void requireNoFailure() throws IOException {
    if (failure != null) {
      throw unwritten(failure);
    }
  }

  private IOException unwritten(Exception cause) {
    return new IOException("a dead letter cannot be written to the topic " + policy.topic(), cause);
  }

  @Override
  public synchronized void close() {
    if (producer != null) {
      producer.close(Duration.ofSeconds(5));
    }
  }
}
