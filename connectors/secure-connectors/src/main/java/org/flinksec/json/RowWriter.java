// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.SerializedString;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/** Writes a row as an object. */
final class RowWriter implements ValueWriter {
  private final SerializedString[] names;
  private final ValueWriter[] writers;
  private final boolean nulls;

  /**
   * @param nulls whether fields that are null are written
   */
  RowWriter(Shape shape, boolean nulls) {
    this.nulls = nulls;
    this.names = new SerializedString[shape.fields().size()];
    this.writers = new ValueWriter[names.length];
    for (int i = 0; i < names.length; i++) {
      Shape.Field field = shape.fields().get(i);
      names[i] = new SerializedString(field.wire());
      writers[i] = ValueWriters.of(field.shape(), nulls);
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
      Object field = row.getField(i);
      if (field != null || nulls) {
        json.writeFieldName(names[i]);
        ValueWriter.writeOrNull(writers[i], json, field);
      }
    }
    json.writeEndObject();
  }
}
