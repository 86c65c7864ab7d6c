// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.metrics.MetricGroup;
import org.flinksec.badrecords.BadRecords;
import org.flinksec.badrecords.Current;
import org.flinksec.badrecords.ElementJson;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.LetterPolicy;
import org.flinksec.badrecords.OnBadRecord;
import org.flinksec.badrecords.Original;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.badrecords.Stage;
import org.slf4j.LoggerFactory;

/**
 * Does with what cannot be written to a topic what {@code on_error} says: leaves it out, or writes
 * it as a dead letter to another topic, in the same transaction.
 *
 * @param <T> what is written
 */
public final class BadRecordSerializationSchema<T> implements KafkaRecordSerializationSchema<T> {
  private static final long serialVersionUID = 1L;

  /** Kafka's exception, by its name outside of Flink's connector. */
  private static final String TOO_LARGE = "org.apache.kafka.common.errors.RecordTooLargeException";

  private final KafkaRecordSerializationSchema<T> records;
  private final String topic;
  private final HashMap<String, String> client;
  private TypeInformation<?> type;
  private boolean traced;
  private OnBadRecord onError = OnBadRecord.FAIL;
  private int mostSkipped = SkipBrake.DEFAULT;
  private LetterPolicy policy;
  private transient BadRecords badRecords;
  private transient SkipBrake brake;
  private transient TopicLimits limits;
  private transient LetterWriter letters;
  private transient Current current;

  private BadRecordSerializationSchema(
      KafkaRecordSerializationSchema<T> records, String topic, Map<String, String> client) {
    this.records = records;
    this.topic = topic;
    this.client = new HashMap<>(client);
  }

  /**
   * @param records encodes what is written
   * @param topic the topic that it goes to
   * @param client the properties of the sink's producers
   */
  public static <T> BadRecordSerializationSchema<T> of(
      KafkaRecordSerializationSchema<T> records, String topic, Map<String, String> client) {
    return new BadRecordSerializationSchema<>(records, topic, client);
  }

  /**
   * @param rows the type of the rows that are written; null for strings
   * @param fromArrivals whether the current record of the task is the one that they were made of
   */
  public BadRecordSerializationSchema<T> writing(TypeInformation<?> rows, boolean fromArrivals) {
    type = rows;
    traced = fromArrivals;
    return this;
  }

  /**
   * @param word of {@link OnBadRecord}
   * @param most how many there may be in a row; 0 for any number
   * @param letterPolicy where dead letters go; null if there are none
   */
  public BadRecordSerializationSchema<T> onError(String word, int most, LetterPolicy letterPolicy) {
    onError = OnBadRecord.parse(word);
    mostSkipped = most;
    policy = letterPolicy;
    return this;
  }

  @Override
  public void open(InitializationContext context, KafkaSinkContext sink) throws Exception {
    if (badRecords != null) {
      return; // Flink's writer of transactions opens it twice: its metrics would not be those shown
    }
    records.open(context, sink);
    MetricGroup metrics = context.getMetricGroup();
    badRecords =
        new BadRecords(
            onError,
            metrics.addGroup("flinksec").counter("unwritableRecords"),
            LoggerFactory.getLogger(BadRecordSerializationSchema.class));
    brake = new SkipBrake(mostSkipped);
    current = Current.ofThread();
    limits = new TopicLimits(client);
    letters =
        policy == null
            ? null
            : new LetterWriter(policy, metrics, sink.getParallelInstanceId(), limits);
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      T element, KafkaSinkContext context, Long timestamp) {
    ProducerRecord<byte[], byte[]> record;
    try {
      record = records.serialize(element, context, timestamp);
    } catch (UnwritableRecordException e) {
      return bad(element, timestamp, e.getClass().getName(), e.reason());
    }
    String problem = record == null ? null : limits.problem(record);
    if (problem != null) {
      return bad(element, timestamp, TOO_LARGE, problem);
    }
    brake.passed();
    return record;
  }

  private ProducerRecord<byte[], byte[]> bad(
      T element, Long timestamp, String exception, String why) {
    Original original = traced ? current.original() : null;
    Letter letter =
        new Letter(
            Stage.ENCODE,
            original,
            original != null ? null : ElementJson.of(element, type),
            timestamp == null ? -1 : timestamp,
            records.getClass().getName(),
            exception,
            why,
            null,
            topic);
    try {
      return badRecords.met(letter.badRecord(), brake) ? letters.record(letter) : null;
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }
}
