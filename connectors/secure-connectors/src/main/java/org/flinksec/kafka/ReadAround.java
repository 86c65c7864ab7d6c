// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.Serializable;
import java.util.Map;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.Header;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.rows.Scalars;
import org.flinksec.rows.Shape.Kind;

/**
 * One row field that is filled from what is around the value of a Kafka record.
 *
 * @param around which field, and from what
 */
record ReadAround(Around around) implements Serializable {
  /**
   * The field's value; what the record does not have gives null.
   *
   * @throws UndecodableException if that is no value of the field
   */
  Object of(ConsumerRecord<byte[], byte[]> record) throws UndecodableException {
    Object value = value(record);
    if (value == null && around.required()) {
      throw new UndecodableException(
          "the record has no %s, and the field '%s' is required"
              .formatted(around.source(), around.field()));
    }
    return value;
  }

  private Object value(ConsumerRecord<byte[], byte[]> record) throws UndecodableException {
    if (around.isHeader()) {
      Header last = record.headers().lastHeader(around.headerName());
      return last == null ? null : text(last.value(), "a header");
    }
    return switch (around.source()) {
      case "topic" -> record.topic();
      case "partition" ->
          around.kind() == Kind.INT32 ? (Object) record.partition() : (long) record.partition();
      case "offset" -> record.offset();
      case "timestamp" -> timestamp(record.timestamp());
      case "headers" -> headers(record);
      case "tombstone" -> record.value() == null;
      default -> text(record.key(), "the key");
    };
  }

  private Object headers(ConsumerRecord<byte[], byte[]> record) throws UndecodableException {
    Map<String, Object> all =
        Headers.all(record.headers(), around.inner() == Kind.STR, around.field());
    if (around.innerRequired() && all.containsValue(null)) {
      throw new UndecodableException(
          "a header of the record has no value, and none in the field '%s' may be null"
              .formatted(around.field()));
    }
    return all;
  }

  private Object timestamp(long millis) throws UndecodableException {
    if (millis < 0) {
      return null; // the broker has none for this record
    }
    if (around.kind() == Kind.INT) {
      return millis;
    }
    try {
      return Scalars.instant(millis);
    } catch (Scalars.ScalarException e) {
      throw new UndecodableException(
          "the record's timestamp, for the field '%s', %s"
              .formatted(around.field(), e.getMessage()));
    }
  }

  private Object text(byte[] bytes, String what) throws UndecodableException {
    return Headers.value(bytes, around.kind() == Kind.STR, what, around.field());
  }
}
