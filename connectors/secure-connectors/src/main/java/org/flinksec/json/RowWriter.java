// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.SerializedString;
import org.apache.flink.types.Row;

/** Writes a row as an object. */
final class RowWriter implements ValueWriter {
  private final SerializedString[] names;
  private final ValueWriter[] writers;

  RowWriter(RowTypeInfo type) {
    this.names = new SerializedString[type.getArity()];
    this.writers = new ValueWriter[type.getArity()];
    for (int i = 0; i < names.length; i++) {
      String name = type.getFieldNames()[i];
      names[i] = new SerializedString(name);
      writers[i] = ValueWriters.of(name, type.getTypeAt(i));
    }
  }

  @Override
  public void write(JsonGenerator json, Object value) throws IOException {
    Row row = ValueWriter.cast(json, Row.class, value);
    if (row.getArity() != names.length) {
      throw new JsonEncodingException(
          "%s has %d fields, but its type declares %d"
              .formatted(ValueWriter.place(json), row.getArity(), names.length));
    }
    json.writeStartObject();
    for (int i = 0; i < names.length; i++) {
      json.writeFieldName(names[i]);
      ValueWriter.writeOrNull(writers[i], json, row.getField(i));
    }
    json.writeEndObject();
  }
}
