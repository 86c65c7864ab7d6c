// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.flinksec.rows.Scalars;
import org.flinksec.rows.Shape;

/** Chooses the writer of a shape. */
final class ValueWriters {
  private ValueWriters() {}

  /**
   * @param nulls whether fields of rows that are null are written
   */
  static ValueWriter of(Shape shape, boolean nulls) {
    return switch (shape.kind()) {
      case STR, UUID -> (json, value) -> json.writeString(text(json, value));
      case INT -> ValueWriters::whole;
      case INT32 -> (json, value) -> json.writeNumber(cast(json, Integer.class, value));
      case FLOAT -> ValueWriters::floating;
      case BOOL -> (json, value) -> json.writeBoolean(cast(json, Boolean.class, value));
      case BYTES -> (json, value) -> json.writeBinary(cast(json, byte[].class, value));
      case DATETIME ->
          (json, value) -> json.writeString(cast(json, Instant.class, value).toString());
      case DATE -> (json, value) -> json.writeString(cast(json, LocalDate.class, value).toString());
      case DECIMAL ->
          (json, value) -> json.writeNumber(cast(json, BigDecimal.class, value).toPlainString());
      case ENUM ->
          Scalars.isText(shape)
              ? (json, value) -> json.writeString(text(json, value))
              : ValueWriters::whole;
      case ROW -> new RowWriter(shape, nulls);
      case LIST -> list(of(shape.inner(), nulls));
      case DICT -> map(of(shape.inner(), nulls));
    };
  }

  private static void whole(JsonGenerator json, Object value) throws IOException {
    json.writeNumber(cast(json, Long.class, value));
  }

  private static String text(JsonGenerator json, Object value) {
    String text = cast(json, String.class, value);
    if (HalfSurrogates.in(text)) {
      throw new UnwritableValueException(
          ValueWriter.place(json) + " holds half of a surrogate pair, which is not text");
    }
    return text;
  }

  private static void floating(JsonGenerator json, Object value) throws IOException {
    double number = cast(json, Double.class, value);
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      throw new UnwritableValueException(
          "%s is %s, which JSON cannot express".formatted(ValueWriter.place(json), number));
    }
    json.writeNumber(number);
  }

  private static ValueWriter list(ValueWriter element) {
    return (json, value) -> {
      List<?> values =
          value instanceof List<?> list ? list : Arrays.asList(cast(json, Object[].class, value));
      elements(json, element, values);
    };
  }

  private static void elements(JsonGenerator json, ValueWriter element, List<?> values)
      throws IOException {
    json.writeStartArray();
    for (Object value : values) {
      ValueWriter.writeOrNull(element, json, value);
    }
    json.writeEndArray();
  }

  private static ValueWriter map(ValueWriter writer) {
    return (json, value) -> {
      Map<?, ?> values = cast(json, Map.class, value);
      json.writeStartObject();
      json.setCurrentValue(ValueWriter.KEYS_ARE_DATA);
      for (Map.Entry<?, ?> entry : values.entrySet()) {
        json.writeFieldName(text(json, entry.getKey()));
        ValueWriter.writeOrNull(writer, json, entry.getValue());
      }
      json.writeEndObject();
    };
  }

  private static <T> T cast(JsonGenerator json, Class<T> declared, Object value) {
    return ValueWriter.cast(json, declared, value);
  }
}
