// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;

/** One row field that is filled from the Kafka record around the document. */
record RecordMetadata(int position, String source, TypeInformation<?> type)
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

  /** The field's value; a record without a key or timestamp gives null. */
  Object of(ConsumerRecord<byte[], byte[]> record) {
    return switch (source) {
      case "topic" -> record.topic();
      case "partition" ->
          type.equals(Types.INT) ? (Object) record.partition() : (long) record.partition();
      case "offset" -> record.offset();
      case "timestamp" -> timestamp(record.timestamp());
      default -> key(record.key());
    };
  }

  private Object timestamp(long millis) {
    if (millis < 0) {
      return null; // the broker has none for this record
    }
    return type.equals(Types.LONG) ? (Object) millis : Instant.ofEpochMilli(millis);
  }

  private Object key(byte[] key) {
    return key == null || !type.equals(Types.STRING)
        ? key
        : new String(key, StandardCharsets.UTF_8);
  }
}
