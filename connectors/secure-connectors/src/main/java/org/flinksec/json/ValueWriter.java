// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonStreamContext;

/** Writes one value, which is never null, at the generator's place. */
@FunctionalInterface
interface ValueWriter {
  void write(JsonGenerator json, Object value) throws IOException;

  static void writeOrNull(ValueWriter writer, JsonGenerator json, Object value) throws IOException {
    if (value == null) {
      json.writeNull();
    } else {
      writer.write(json, value);
    }
  }

  /** The value as the declared class, or an error that names the field and both classes. */
  static <T> T cast(JsonGenerator json, Class<T> declared, Object value) {
    if (declared.isInstance(value)) {
      return declared.cast(value);
    }
    String found = value == null ? "null" : value.getClass().getSimpleName();
    throw new JsonEncodingException(
        "%s should be %s but is %s".formatted(place(json), declared.getSimpleName(), found));
  }

  /** Marks a map's object: a key is data, which no message may show. */
  Object KEYS_ARE_DATA = new Object();

  /** Where the generator stands, for a message. */
  static String place(JsonGenerator json) {
    StringBuilder path = new StringBuilder();
    for (JsonStreamContext at = json.getOutputContext(); !at.inRoot(); at = at.getParent()) {
      String name = at.inArray() ? String.valueOf(at.getCurrentIndex()) : at.getCurrentName();
      path.insert(0, "." + (at.getCurrentValue() == KEYS_ARE_DATA ? "*" : name));
    }
    return path.isEmpty() ? "the row" : "field '" + path.substring(1) + "'";
  }
}
