// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.RowEncoder;
import org.flinksec.json.JsonEncodingException;
import org.flinksec.json.RowTypes;

/**
 * Makes Kafka records of rows: the value by any format, the key and what else is around it from
 * fields; made by {@link RowWriting}.
 *
 * <p>A row that deletes is a record without a value, and one that says what was before an update is
 * none, unless the format writes kinds of changes itself.
 */
public final class RowSerializationSchema implements KafkaRecordSerializationSchema<Row> {
  private static final long serialVersionUID = 1L;
  static final int NONE = -1;

  private final String topic;
  private final int arity;
  private final RowEncoder format;
  private final int[] valuePositions;
  private final RowEncoder keyFormat;
  private final int[] keyPositions;
  private final int keyField;
  private final ArrayList<Around> metadata;
  private final Partitioning partitioning;
  private transient int turn;

  RowSerializationSchema(
      RowWriting said, List<String> inValue, RowEncoder format, RowEncoder keyFormat) {
    this.topic = said.topic;
    this.arity = said.shape.fields().size();
    this.format = format;
    this.valuePositions = Fields.positions(said.shape, inValue, "value");
    this.keyFormat = keyFormat;
    this.keyPositions = Fields.positions(said.shape, said.keyFields, "key_fields");
    this.keyField = said.keyField;
    this.metadata = new ArrayList<>(said.metadata);
    this.partitioning = said.partitioning;
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      Row row, KafkaSinkContext context, Long timestamp) {
    if (row.getKind() == RowKind.UPDATE_BEFORE && !format.writesKinds() || !format.writes(row)) {
      return null; // Flink's writer passes over it
    }
    try {
      if (row.getArity() != arity) {
        throw new JsonEncodingException(
            "the row has %d fields, but its type declares %d".formatted(row.getArity(), arity));
      }
      return record(row, context, time(timestamp));
    } catch (UnencodableException | JsonEncodingException e) {
      throw new UnwritableRecordException(topic, e.getMessage());
    }
  }

  private ProducerRecord<byte[], byte[]> record(Row row, KafkaSinkContext context, Long timestamp)
      throws UnencodableException {
    String to = topic;
    Integer partition = null;
    Long time = timestamp;
    byte[] key = key(row);
    RecordHeaders headers = new RecordHeaders();
    boolean tombstone = row.getKind() == RowKind.DELETE && !format.writesKinds();
    for (Around field : metadata) {
      Object value = row.getField(field.position());
      if (value == null) {
        continue;
      }
      if (field.isHeader()) {
        headers.add(field.headerName(), Headers.bytes(value));
        continue;
      }
      switch (field.source()) {
        case "topic" -> to = Destination.topic(field, value);
        case "partition" -> partition = Destination.partition(field, value);
        case "timestamp" -> time = Destination.timestamp(field, value);
        case "headers" ->
            ((Map<?, ?>) value)
                .forEach((name, one) -> headers.add((String) name, Headers.bytes(one)));
        case "tombstone" -> tombstone |= (Boolean) value;
        default -> key = Headers.bytes(value);
      }
    }
    if (tombstone && key == null) {
      throw new UnencodableException("it deletes, and has no key that says what");
    }
    byte[] bytes = tombstone ? null : format.write(value(row));
    Integer chosen = partition == null ? partition(to, context) : partition;
    return new ProducerRecord<>(to, chosen, time(time), key, bytes, headers);
  }

  private Row value(Row row) {
    return valuePositions.length == arity ? row : Fields.only(row, valuePositions);
  }

  private byte[] key(Row row) throws UnencodableException {
    if (keyFormat != null) {
      return keyFormat.write(Fields.only(row, keyPositions));
    }
    Object value = keyField == NONE ? null : row.getField(keyField);
    if (value == null || value instanceof byte[]) {
      return (byte[]) value;
    }
    return RowTypes.text(value).getBytes(StandardCharsets.UTF_8);
  }

  private Integer partition(String to, KafkaSinkContext context) {
    if (partitioning == Partitioning.KAFKA) {
      return null;
    }
    int[] partitions = context.getPartitionsForTopic(to);
    int number =
        partitioning == Partitioning.FIXED ? context.getParallelInstanceId() : turn++ & 0x7fffffff;
    return partitions[number % partitions.length];
  }

  /** Flink says Long.MIN_VALUE for "none"; Kafka refuses what is negative. */
  static Long time(Long timestamp) {
    return timestamp == null || timestamp < 0 ? null : timestamp;
  }
}
