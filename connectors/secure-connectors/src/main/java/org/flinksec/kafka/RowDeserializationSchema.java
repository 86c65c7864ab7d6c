// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.api.common.serialization.DeserializationSchema;
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
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.OnBadRecord;
import org.flinksec.badrecords.Origin;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.badrecords.Stage;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.timestamps.EventTimes;
import org.slf4j.LoggerFactory;

/**
 * Decodes the value of Kafka records into rows, by any format, and fills fields from the key and
 * what else is around the value; made by {@link RowReading}.
 *
 * <p>Whatever is wrong with a record, it is that record that is undecodable: the job fails by its
 * topic, partition and offset, or leaves it out. Records left out are counted in the metric {@code
 * flinksec.undecodableRecords}; too many in a row fail the job, see {@link SkipBrake}.
 */
public final class RowDeserializationSchema implements KafkaRecordDeserializationSchema<Row> {
  private static final long serialVersionUID = 1L;
  static final int NONE = -1;

  private final RowTypeInfo type;
  private final RowDecoder format;
  private final RowDecoder keyFormat;
  private final int[] keyPositions;
  private final ArrayList<ReadAround> metadata = new ArrayList<>();
  private final Tombstones tombstones;
  private final OnBadRecord onError;
  private final int eventTime;
  private final int mostSkipped;
  private transient BadRecords badRecords;
  private transient SkipBrake brake;
  private transient List<Row> rows;
  private transient Consumer<Row> read;
  private transient Consumer<Letter> letters;

  RowDeserializationSchema(RowReading said, RowDecoder format, RowDecoder keyFormat) {
    this.type = said.shape.rowType();
    this.format = format;
    this.keyFormat = keyFormat;
    this.keyPositions = Fields.positions(said.shape, said.keyFields, "key_fields");
    said.metadata.forEach(field -> metadata.add(new ReadAround(field)));
    this.tombstones = said.tombstones;
    this.onError = said.onError;
    this.eventTime = said.eventTime;
    this.mostSkipped = said.mostSkipped;
  }

  @Override
  public void open(DeserializationSchema.InitializationContext context) {
    open(context.getMetricGroup().addGroup("flinksec").counter("undecodableRecords"));
  }

  void open(Counter undecodable) {
    badRecords =
        new BadRecords(
            onError, undecodable, LoggerFactory.getLogger(RowDeserializationSchema.class));
    brake = new SkipBrake(mostSkipped);
    rows = new ArrayList<>();
    read = rows::add;
  }

  /** Where dead letters go; without it there must be none. */
  void lettersTo(Consumer<Letter> letters) {
    this.letters = letters;
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Row> out)
      throws BadRecordException {
    rows.clear();
    try {
      read(record);
    } catch (UndecodableException e) {
      Origin origin = new Origin.Kafka(record.topic(), record.partition(), record.offset());
      if (badRecords.met(new BadRecord(Stage.DECODE, origin, e.getMessage()), brake)) {
        letters.accept(Letter.undecodable(LetterRecords.original(record), format.getClass(), e));
      }
      return;
    }
    brake.passed();
    for (Row row : rows) {
      out.collect(row);
    }
  }

  private void read(ConsumerRecord<byte[], byte[]> record) throws UndecodableException {
    if (record.value() != null || tombstones == Tombstones.FAIL) {
      format.readAll(record.value(), read);
    } else if (tombstones == Tombstones.ROW) {
      rows.add(new Row(type.getArity()));
    }
    Row key = keyFormat == null || rows.isEmpty() ? null : keyFormat.read(record.key());
    for (Row row : rows) {
      fill(row, key, record);
    }
  }

  private void fill(Row row, Row key, ConsumerRecord<byte[], byte[]> record)
      throws UndecodableException {
    for (int i = 0; i < keyPositions.length; i++) {
      row.setField(keyPositions[i], key.getField(i));
    }
    for (ReadAround field : metadata) {
      row.setField(field.around().position(), field.of(record));
    }
    String problem = eventTime == NONE ? null : EventTimes.problem(row.getField(eventTime));
    if (problem != null) {
      throw new UndecodableException(
          "field '%s' %s".formatted(type.getFieldNames()[eventTime], problem));
    }
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
