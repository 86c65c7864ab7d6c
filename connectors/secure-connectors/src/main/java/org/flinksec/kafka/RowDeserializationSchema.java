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
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.flinksec.badrecords.BadRecord;
import org.flinksec.badrecords.BadRecordException;
import org.flinksec.badrecords.BadRecords;
import org.flinksec.badrecords.OnBadRecord;
import org.flinksec.badrecords.Origin;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.badrecords.Stage;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.json.RowTypes;
import org.flinksec.timestamps.EventTimes;
import org.slf4j.LoggerFactory;

/**
 * Decodes the value of Kafka records into rows, by any format, and fills fields from the record's
 * metadata.
 *
 * <p>Whatever is wrong with a record, it is that record that is undecodable: the job fails by its
 * topic, partition and offset, or leaves it out. Records left out are counted in the metric {@code
 * flinksec.undecodableRecords}; too many in a row fail the job, see {@link SkipBrake}.
 */
public final class RowDeserializationSchema implements KafkaRecordDeserializationSchema<Row> {
  private static final long serialVersionUID = 1L;
  private static final int NONE = -1;

  private final RowTypeInfo type;
  private final RowDecoder format;
  private final ArrayList<RecordMetadata> metadata;
  private final OnBadRecord onError;
  private final int eventTime;
  private final int mostSkipped;
  private transient BadRecords badRecords;
  private transient SkipBrake brake;

  private RowDeserializationSchema(
      RowTypeInfo type,
      RowDecoder format,
      List<RecordMetadata> metadata,
      OnBadRecord onError,
      int eventTime,
      int mostSkipped) {
    this.type = type;
    this.format = format;
    this.metadata = new ArrayList<>(metadata);
    this.onError = onError;
    this.eventTime = eventTime;
    this.mostSkipped = mostSkipped;
  }

  /**
   * @param rowType a row type with names
   * @param metadata row field to {@code topic}, {@code partition}, {@code offset}, {@code
   *     timestamp} or {@code key}; a field named here is never read from the value
   * @param required fields that must not be null, in the value or among the metadata
   * @param onError a word of {@link OnBadRecord}
   * @param eventTime the field that must hold a time, since watermarks follow it; null or empty for
   *     none
   * @param mostSkipped how many records may be left out in a row; 0 for any number
   * @param format makes what reads the values
   * @throws IllegalArgumentException if a name, a type or {@code onError} does not fit
   */
  public static RowDeserializationSchema of(
      TypeInformation<?> rowType,
      Map<String, String> metadata,
      List<String> required,
      String onError,
      String eventTime,
      int mostSkipped,
      RowDecoder.Factory format) {
    RowTypeInfo type = RowTypes.require(rowType);
    List<RecordMetadata> fields = new ArrayList<>();
    metadata.forEach(
        (field, source) -> {
          int position = RowTypes.position(type, field, "metadata");
          fields.add(
              new RecordMetadata(
                  position, field, source, type.getTypeAt(position), required.contains(field)));
        });
    List<String> inValue = required.stream().filter(name -> !metadata.containsKey(name)).toList();
    return new RowDeserializationSchema(
        type,
        format.of(type, inValue, metadata.keySet()),
        fields,
        OnBadRecord.parse(onError),
        eventTime == null || eventTime.isEmpty()
            ? NONE
            : RowTypes.position(type, eventTime, "event_time"),
        mostSkipped);
  }

  @Override
  public void open(InitializationContext context) {
    open(context.getMetricGroup().addGroup("flinksec").counter("undecodableRecords"));
  }

  void open(Counter undecodable) {
    badRecords =
        new BadRecords(
            onError, undecodable, LoggerFactory.getLogger(RowDeserializationSchema.class));
    brake = new SkipBrake(mostSkipped);
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Row> out)
      throws BadRecordException {
    Row row;
    try {
      row = read(record);
    } catch (UndecodableException e) {
      Origin origin = new Origin.Kafka(record.topic(), record.partition(), record.offset());
      badRecords.met(new BadRecord(Stage.DECODE, origin, e.getMessage()), brake);
      return;
    }
    brake.passed();
    out.collect(row);
  }

  private Row read(ConsumerRecord<byte[], byte[]> record) throws UndecodableException {
    Row row = format.read(record.value());
    for (RecordMetadata field : metadata) {
      row.setField(field.position(), field.of(record));
    }
    String problem = eventTime == NONE ? null : EventTimes.problem(row.getField(eventTime));
    if (problem != null) {
      throw new UndecodableException(
          "field '%s' %s".formatted(type.getFieldNames()[eventTime], problem));
    }
    return row;
  }

  /** How many records this instance has left out. */
  long undecodable() {
    return badRecords.leftOut();
  }

  @Override
  public TypeInformation<Row> getProducedType() {
    return type;
  }
}
