// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.header.Header;
import org.flinksec.badrecords.UndecodableException;

/** Between the bytes around a Kafka record and the text or bytes in fields of a row. */
final class Headers {
  private Headers() {}

  /**
   * All headers by their names; of several with one name the last counts.
   *
   * @param text whether the values are text, else bytes
   * @throws UndecodableException if one is to be text and is not UTF-8
   */
  static Map<String, Object> all(Iterable<Header> headers, boolean text, String field)
      throws UndecodableException {
    Map<String, Object> all = new LinkedHashMap<>();
    for (Header header : headers) {
      all.put(header.key(), value(header.value(), text, "a header", field));
    }
    return all;
  }

  /**
   * Bytes, or what they say.
   *
   * @param what the bytes are, for the message
   */
  static Object value(byte[] bytes, boolean text, String what, String field)
      throws UndecodableException {
    if (bytes == null || !text) {
      return bytes;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new UndecodableException(
          "%s of the record is not UTF-8, and the field '%s' is text".formatted(what, field));
    }
  }

  /** The bytes of a header from a field's text or bytes. */
  static byte[] bytes(Object value) {
    return value instanceof String text ? text.getBytes(StandardCharsets.UTF_8) : (byte[]) value;
  }
}
