// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;
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
import org.flinksec.kafka.LetterRecords;
import org.slf4j.LoggerFactory;

/** Reads the records of a table as Flink does, and deals with bad ones as {@code on_error} says. */
final class WatchedRecords implements KafkaRecordDeserializationSchema<RowData> {
  private static final long serialVersionUID = 1L;

  private final KafkaRecordDeserializationSchema<RowData> flinks;
  private final Watched key;
  private final Watched value;
  private final NotNull notNull;
  private final boolean everyRecordIsARow;
  private final OnBadRecord onError;
  private final int mostSkipped;
  private transient List<RowData> rows;
  private transient BadRecords badRecords;
  private transient SkipBrake brake;
  private transient Consumer<Letter> letters;

  /**
   * @param flinks the connector's own, which reads by {@code key} and {@code value}
   * @param key null where the key is not read
   * @param everyRecordIsARow whether the table takes no changelog, so that a record without a row
   *     is lost
   * @param mostSkipped how many records may be left out in a row; 0 for any number
   */
  WatchedRecords(
      KafkaRecordDeserializationSchema<RowData> flinks,
      Watched key,
      Watched value,
      NotNull notNull,
      boolean everyRecordIsARow,
      OnBadRecord onError,
      int mostSkipped) {
    this.flinks = flinks;
    this.key = key;
    this.value = value;
    this.notNull = notNull;
    this.everyRecordIsARow = everyRecordIsARow;
    this.onError = onError;
    this.mostSkipped = mostSkipped;
  }

  @Override
  public void open(InitializationContext context) throws Exception {
    flinks.open(context);
    rows = new ArrayList<>();
    badRecords =
        new BadRecords(
            onError,
            context.getMetricGroup().addGroup("flinksec").counter("undecodableRecords"),
            LoggerFactory.getLogger(WatchedRecords.class));
    brake = new SkipBrake(mostSkipped);
  }

  /** Where dead letters go, which there are if that was chosen. */
  void lettersTo(Consumer<Letter> given) {
    letters = given;
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<RowData> out)
      throws IOException {
    rows.clear();
    flinks.deserialize(record, new Collected(rows));
    String problem = problem(record);
    if (problem != null) {
      met(record, problem);
      return;
    }
    brake.passed();
    try {
      rows.forEach(out::collect);
    } catch (RuntimeException e) {
      throw QuietFailures.told(e, record);
    }
  }

  private String problem(ConsumerRecord<byte[], byte[]> record) {
    // Both are asked: what the one says must not be taken for the next record's.
    String ofKey = key == null ? null : key.problem();
    String ofValue = value.problem();
    if (ofKey != null || ofValue != null) {
      return ofKey != null ? ofKey : ofValue;
    }
    if (everyRecordIsARow && rows.isEmpty()) {
      return record.value() == null
          ? "it has no value: a tombstone, which a table of flinksec-upsert-kafka reads as a deletion"
          : "the format made no row of it";
    }
    for (RowData row : rows) {
      if (row.getRowKind() != RowKind.DELETE && notNull.firstNull(row) != null) {
        return "column '%s' is null, and declared NOT NULL".formatted(notNull.firstNull(row));
      }
    }
    return null;
  }

  private void met(ConsumerRecord<byte[], byte[]> record, String problem)
      throws BadRecordException {
    Origin origin = new Origin.Kafka(record.topic(), record.partition(), record.offset());
    if (badRecords.met(new BadRecord(Stage.DECODE, origin, problem), brake)) {
      letters.accept(
          Letter.undecodable(
              LetterRecords.original(record), getClass(), new UndecodableException(problem)));
    }
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return flinks.getProducedType();
  }

  private record Collected(List<RowData> rows) implements Collector<RowData> {
    @Override
    public void collect(RowData row) {
      rows.add(row);
    }

    @Override
    public void close() {}
  }
}
