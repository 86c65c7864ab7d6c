// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;

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

  /** Where the generator stands, for a message. */
  static String place(JsonGenerator json) {
    String path = json.getOutputContext().pathAsPointer().toString();
    return path.isEmpty() ? "the row" : "field '" + path.substring(1).replace('/', '.') + "'";
  }
}
