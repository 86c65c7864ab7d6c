// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/**
 * Reads records as {@link RowDeserializationSchema} does, and keeps with each row what it was read
 * from; what cannot be decoded becomes a letter.
 */
final class ArrivalDeserializationSchema implements KafkaRecordDeserializationSchema<Arrival> {
  private static final long serialVersionUID = 1L;

  private final RowDeserializationSchema rows;
  private transient Adding adding;

  ArrivalDeserializationSchema(RowDeserializationSchema rows) {
    this.rows = rows;
  }

  @Override
  public void open(InitializationContext context) throws Exception {
    rows.open(context);
    adding = new Adding();
    rows.lettersTo(letter -> adding.out.collect(new Arrival(letter.toBytes())));
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Arrival> out)
      throws IOException {
    adding.record = record;
    adding.out = out;
    rows.deserialize(record, adding);
  }

  @Override
  public TypeInformation<Arrival> getProducedType() {
    return new ArrivalTypeInfo(rows.getProducedType());
  }

  /** Adds to rows what they were read from. */
  private static final class Adding implements Collector<Row> {
    private ConsumerRecord<byte[], byte[]> record;
    private Collector<Arrival> out;

    @Override
    public void collect(Row row) {
      out.collect(new Arrival(row, record));
    }

    @Override
    public void close() {}
  }
}
