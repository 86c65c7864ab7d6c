// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.Admin;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.compress.Compression;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.config.ConfigResource;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.config.TopicConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.AbstractRecords;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.CompressionType;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.MemoryRecords;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.RecordBatch;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.record.SimpleRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The largest record that a topic takes, so that one that is too large is known before it is sent:
 * afterwards it would spoil the transaction that it is in.
 *
 * <p>A topic is asked when it is first written. Whoever may not ask takes Kafka's default. It is
 * used by one thread.
 */
final class TopicLimits {
  /** Kafka's default of {@code message.max.bytes} and {@code max.message.bytes}. */
  static final int DEFAULT = 1024 * 1024 + 12;

  /** So much a producer sends at once, where the job does not say: its whole buffer. */
  static final int REQUEST = 32 * 1024 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(TopicLimits.class);
  private static final long PATIENCE_SECONDS = 30;

  private final Properties client;
  private final Compression compression;
  private final int request;
  private final Map<String, Integer> limits = new HashMap<>();

  /**
   * @param client the properties of the job's producers
   */
  TopicLimits(Map<String, String> client) {
    this.client = new Properties();
    this.client.putAll(client);
    String type = client.getOrDefault(ProducerConfig.COMPRESSION_TYPE_CONFIG, "none");
    this.compression = Compression.of(type).build();
    String most = client.get(ProducerConfig.MAX_REQUEST_SIZE_CONFIG);
    this.request = most == null ? REQUEST : Integer.parseInt(most);
  }

  /**
   * What is too large about a record, in words for messages; null if nothing is.
   *
   * <p>A record that is small as Kafka's producer estimates it is not measured.
   */
  String problem(ProducerRecord<byte[], byte[]> record) {
    int estimate =
        AbstractRecords.estimateSizeInBytesUpperBound(
            RecordBatch.CURRENT_MAGIC_VALUE,
            CompressionType.NONE,
            record.key(),
            record.value(),
            record.headers().toArray());
    if (estimate > request) {
      return "it has %d bytes, and max.request.size is %d".formatted(estimate, request);
    }
    int limit = limits.computeIfAbsent(record.topic(), this::ask);
    if (estimate <= limit) {
      return null;
    }
    SimpleRecord alone =
        new SimpleRecord(
            RecordBatch.NO_TIMESTAMP, record.key(), record.value(), record.headers().toArray());
    int size = MemoryRecords.withRecords(compression, alone).sizeInBytes();
    return size <= limit
        ? null
        : "it has %d bytes, and max.message.bytes of the topic %s is %d"
            .formatted(size, record.topic(), limit);
  }

  private int ask(String topic) {
    ConfigResource about = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try (Admin admin = Admin.create(client)) {
      ConfigEntry entry =
          admin
              .describeConfigs(List.of(about))
              .all()
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
              .get(about)
              .get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
      return Integer.parseInt(entry.value());
    } catch (ExecutionException | TimeoutException | RuntimeException e) {
      Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
      LOG.warn(
          "The largest record of the topic {} is taken for {} bytes, since the brokers do not tell"
              + " ({}); the right DescribeConfigs on the topic lets them",
          topic,
          DEFAULT,
          cause.getClass().getSimpleName());
      return DEFAULT;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return DEFAULT;
    }
  }
}
