// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.flinksec.badrecords.UndecodableException;

/**
 * One row field that is filled from the Kafka record around the document.
 *
 * @param required whether the field may not be null
 */
record RecordMetadata(
    int position, String field, String source, TypeInformation<?> type, boolean required)
    implements Serializable {
  private static final Map<String, Set<TypeInformation<?>>> TYPES =
      Map.of(
          "topic", Set.of(Types.STRING),
          "partition", Set.of(Types.INT, Types.LONG),
          "offset", Set.of(Types.LONG),
          "timestamp", Set.of(Types.LONG, Types.INSTANT),
          "key", Set.of(Types.STRING, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));

  RecordMetadata {
    Set<TypeInformation<?>> allowed = TYPES.get(source);
    if (allowed == null) {
      throw new IllegalArgumentException(
          "'%s' is no metadata of a Kafka record; choose from topic, partition, offset, timestamp,"
                  .formatted(source)
              + " key");
    }
    if (!allowed.contains(type)) {
      throw new IllegalArgumentException(
          "the %s of a Kafka record does not fit into a field of type %s".formatted(source, type));
    }
  }

  /**
   * The field's value; a record without a key or timestamp gives null.
   *
   * @throws UndecodableException if that is no value of the field
   */
  Object of(ConsumerRecord<byte[], byte[]> record) throws UndecodableException {
    Object value =
        switch (source) {
          case "topic" -> record.topic();
          case "partition" ->
              type.equals(Types.INT) ? (Object) record.partition() : (long) record.partition();
          case "offset" -> record.offset();
          case "timestamp" -> timestamp(record.timestamp());
          default -> key(record.key());
        };
    if (value == null && required) {
      throw new UndecodableException(
          "the record has no %s, and the field '%s' is required".formatted(source, field));
    }
    return value;
  }

  private Object timestamp(long millis) {
    if (millis < 0) {
      return null; // the broker has none for this record
    }
    return type.equals(Types.LONG) ? (Object) millis : Instant.ofEpochMilli(millis);
  }

  private Object key(byte[] key) throws UndecodableException {
    if (key == null || !type.equals(Types.STRING)) {
      return key;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(key)).toString();
    } catch (CharacterCodingException e) {
      throw new UndecodableException(
          "the record's key is not UTF-8, and the field '%s' is text".formatted(field));
    }
  }
}
