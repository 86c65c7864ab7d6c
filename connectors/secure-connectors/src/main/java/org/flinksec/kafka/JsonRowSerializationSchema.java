// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.flink.types.Row;
import org.flinksec.json.JsonEncodingException;
import org.flinksec.json.RowToJson;
import org.flinksec.json.RowTypes;

/** Encodes rows as JSON values of Kafka records, keyed by one field if asked for. */
public final class JsonRowSerializationSchema implements KafkaRecordSerializationSchema<Row> {
  private static final long serialVersionUID = 1L;
  private static final int NO_KEY = -1;

  private final String topic;
  private final RowToJson json;
  private final int keyPosition;

  private JsonRowSerializationSchema(String topic, RowToJson json, int keyPosition) {
    this.topic = topic;
    this.json = json;
    this.keyPosition = keyPosition;
  }

  /**
   * @param topic the topic that all records go to
   * @param rowType a row type with names
   * @param keyField the field whose text form, in UTF-8, becomes the record's key; null or empty
   *     for records without a key. A row where it is null gives a record without a key.
   * @throws IllegalArgumentException if a name or type does not fit, or the key's has no text form
   */
  public static JsonRowSerializationSchema of(
      String topic, TypeInformation<?> rowType, String keyField) {
    RowTypeInfo type = RowTypes.require(rowType);
    int position =
        keyField == null || keyField.isEmpty()
            ? NO_KEY
            : RowTypes.identifier(type, keyField, "key_field", true);
    return new JsonRowSerializationSchema(topic, new RowToJson(type), position);
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      Row row, KafkaSinkContext context, Long timestamp) {
    try {
      return new ProducerRecord<>(topic, null, time(timestamp), key(row), json.toBytes(row));
    } catch (JsonEncodingException e) {
      throw new UnwritableRecordException(topic, e.getMessage());
    }
  }

  /** Flink says Long.MIN_VALUE for "none"; Kafka refuses what is negative. */
  static Long time(Long timestamp) {
    return timestamp == null || timestamp < 0 ? null : timestamp;
  }

  private byte[] key(Row row) {
    Object value = keyPosition == NO_KEY ? null : row.getField(keyPosition);
    if (value == null || value instanceof byte[]) {
      return (byte[]) value;
    }
    return RowTypes.text(value).getBytes(StandardCharsets.UTF_8);
  }
}
