// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.flinksec.json.JsonDecodingException;
import org.flinksec.json.JsonToRow;
import org.flinksec.json.RowTypes;
import org.flinksec.logging.LimitedWarnings;
import org.flinksec.skipping.SkipBrake;
import org.flinksec.timestamps.EventTimes;
import org.slf4j.LoggerFactory;

/**
 * Decodes the JSON value of Kafka records into rows, and fills fields from the record's metadata.
 *
 * <p>Whatever is wrong with a record, it is that record that is undecodable: the job fails by its
 * topic, partition and offset, or leaves it out. Records left out are counted in the metric {@code
 * flinksec.undecodableRecords}; too many in a row fail the job, see {@link SkipBrake}.
 */
public final class JsonRowDeserializationSchema implements KafkaRecordDeserializationSchema<Row> {
  private static final long serialVersionUID = 1L;
  private static final int NONE = -1;

  private final RowTypeInfo type;
  private final JsonToRow json;
  private final ArrayList<RecordMetadata> metadata;
  private final UndecodableRecordPolicy policy;
  private final int eventTime;
  private final int mostSkipped;
  private transient Counter undecodable;
  private transient SkipBrake brake;
  private transient LimitedWarnings warnings;

  private JsonRowDeserializationSchema(
      RowTypeInfo type,
      JsonToRow json,
      List<RecordMetadata> metadata,
      UndecodableRecordPolicy policy,
      int eventTime,
      int mostSkipped) {
    this.type = type;
    this.json = json;
    this.metadata = new ArrayList<>(metadata);
    this.policy = policy;
    this.eventTime = eventTime;
    this.mostSkipped = mostSkipped;
  }

  /**
   * @param rowType a row type with names
   * @param metadata row field to {@code topic}, {@code partition}, {@code offset}, {@code
   *     timestamp} or {@code key}; a field named here is never read from the document
   * @param required fields that must not be null, in the document or among the metadata
   * @param onUndecodable {@code fail} or {@code skip}
   * @param eventTime the field that must hold a time, since watermarks follow it; null or empty for
   *     none
   * @param mostSkipped how many records may be left out in a row; 0 for any number
   * @throws IllegalArgumentException if a name, a type or the policy does not fit
   */
  public static JsonRowDeserializationSchema of(
      TypeInformation<?> rowType,
      Map<String, String> metadata,
      List<String> required,
      String onUndecodable,
      String eventTime,
      int mostSkipped) {
    RowTypeInfo type = RowTypes.require(rowType);
    List<RecordMetadata> fields = new ArrayList<>();
    metadata.forEach(
        (field, source) -> {
          int position = RowTypes.position(type, field, "metadata");
          fields.add(
              new RecordMetadata(
                  position, field, source, type.getTypeAt(position), required.contains(field)));
        });
    List<String> inDocument =
        required.stream().filter(name -> !metadata.containsKey(name)).toList();
    return new JsonRowDeserializationSchema(
        type,
        new JsonToRow(type, inDocument, metadata.keySet()),
        fields,
        UndecodableRecordPolicy.parse(onUndecodable),
        eventTime == null || eventTime.isEmpty()
            ? NONE
            : RowTypes.position(type, eventTime, "event_time"),
        mostSkipped);
  }

  @Override
  public void open(InitializationContext context) {
    undecodable = context.getMetricGroup().addGroup("flinksec").counter("undecodableRecords");
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Row> out)
      throws UndecodableRecordException {
    Row row;
    try {
      row = read(record);
    } catch (JsonDecodingException e) {
      reject(record.topic(), new UndecodableRecordException(record, e));
      return;
    }
    if (brake != null) {
      brake.passed();
    }
    out.collect(row);
  }

  private Row read(ConsumerRecord<byte[], byte[]> record) throws JsonDecodingException {
    Row row = json.read(record.value());
    for (RecordMetadata field : metadata) {
      row.setField(field.position(), field.of(record));
    }
    String problem = eventTime == NONE ? null : EventTimes.problem(row.getField(eventTime));
    if (problem != null) {
      throw new JsonDecodingException(
          "field '%s' %s".formatted(type.getFieldNames()[eventTime], problem));
    }
    return row;
  }

  private void reject(String topic, UndecodableRecordException problem)
      throws UndecodableRecordException {
    if (policy == UndecodableRecordPolicy.FAIL) {
      throw problem;
    }
    if (warnings == null) {
      warnings =
          new LimitedWarnings(
              LoggerFactory.getLogger(JsonRowDeserializationSchema.class), LimitedWarnings.SKIPPED);
      brake = new SkipBrake(mostSkipped, "records of the Kafka topic " + topic);
    }
    if (brake.skipped()) {
      throw new UndecodableRecordException(brake.tooMany("on_undecodable"), problem);
    }
    undecodable = undecodable == null ? new SimpleCounter() : undecodable;
    undecodable.inc();
    warnings.warn("Left out, as on_undecodable = \"skip\" says: " + problem.getMessage());
  }

  /** How many records this instance has left out. */
  long undecodable() {
    return undecodable == null ? 0 : undecodable.getCount();
  }

  @Override
  public TypeInformation<Row> getProducedType() {
    return type;
  }
}
