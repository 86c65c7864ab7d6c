// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.debezium;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.types.Row;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.formats.values.Classes;
import org.flinksec.formats.values.Numbers;
import org.flinksec.formats.values.ScalarText;
import org.flinksec.formats.values.Times;
import org.flinksec.formats.values.Utf8;
import org.flinksec.rows.Shape;

/**
 * Writes values as Kafka Connect's JSON converter has them, and the schema that says what they
 * mean.
 *
 * <p>Where Debezium has several forms, it is the one that says all and needs no schema: a time is
 * ISO-8601 text, a decimal is text, a date is the days since 1970.
 */
final class ConnectWriter {
  private ConnectWriter() {}

  /** The fields of a row at these positions, as an object. */
  static void row(JsonGenerator json, Row row, Shape shape, int[] positions, String path)
      throws IOException, BadValueException {
    if (row.getArity() != shape.fields().size()) {
      throw new FormatException(
          "the row has %d fields, but its type declares %d"
              .formatted(row.getArity(), shape.fields().size()));
    }
    json.writeStartObject();
    for (int position : positions) {
      Shape.Field field = shape.fields().get(position);
      json.writeFieldName(field.wire());
      try {
        value(json, row.getField(position), field.shape(), path + field.name());
      } catch (BadValueException e) {
        throw e.in(field.name());
      }
    }
    json.writeEndObject();
  }

  private static void value(JsonGenerator json, Object value, Shape shape, String path)
      throws IOException, BadValueException {
    if (value == null) {
      json.writeNull();
      return;
    }
    Object checked =
        switch (shape.kind()) {
          case LIST -> Classes.cast(Object[].class, value, path);
          default -> Classes.cast((Class<?>) Classes.of(shape), value, path);
        };
    switch (shape.kind()) {
      case INT, INT32 -> json.writeNumber(((Number) checked).longValue());
      case FLOAT -> json.writeNumber(finite((Double) checked));
      case BOOL -> json.writeBoolean((Boolean) checked);
      case BYTES -> json.writeBinary((byte[]) checked);
      case DATETIME -> json.writeString(Times.text((Instant) checked));
      case DATE -> json.writeNumber(Times.checked((LocalDate) checked).toEpochDay());
      case DECIMAL -> {
        BigDecimal number = Numbers.fitting(checked, shape);
        json.writeString(number.toPlainString());
      }
      case ENUM -> symbol(json, checked);
      case ROW -> row(json, (Row) checked, shape, ConnectReader.all(shape), path + ".");
      case LIST -> list(json, (Object[]) checked, shape.inner(), path);
      case DICT -> dict(json, (Map<?, ?>) checked, shape.inner(), path);
      default -> json.writeString(ScalarText.of(shape).write(checked));
    }
  }

  private static double finite(double number) throws BadValueException {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      throw new BadValueException("is not finite, which JSON cannot express");
    }
    return number;
  }

  private static void symbol(JsonGenerator json, Object symbol) throws IOException {
    if (symbol instanceof Long number) {
      json.writeNumber(number);
    } else {
      json.writeString((String) symbol);
    }
  }

  private static void list(JsonGenerator json, Object[] values, Shape inner, String path)
      throws IOException, BadValueException {
    json.writeStartArray();
    for (int i = 0; i < values.length; i++) {
      try {
        value(json, values[i], inner, path);
      } catch (BadValueException e) {
        throw e.in(String.valueOf(i));
      }
    }
    json.writeEndArray();
  }

  private static void dict(JsonGenerator json, Map<?, ?> values, Shape inner, String path)
      throws IOException, BadValueException {
    json.writeStartObject();
    for (Map.Entry<?, ?> entry : values.entrySet()) {
      try {
        json.writeFieldName(Utf8.checked((String) entry.getKey()));
        value(json, entry.getValue(), inner, path);
      } catch (BadValueException e) {
        throw e.in("*"); // a key is data, which no message may show
      }
    }
    json.writeEndObject();
  }

  /** The schema of a row of these fields, as an object. */
  static void schema(JsonGenerator json, Shape shape, int[] positions, String name, String field)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("type", "struct");
    json.writeArrayFieldStart("fields");
    for (int position : positions) {
      Shape.Field one = shape.fields().get(position);
      schema(json, one.shape(), name + "." + one.wire(), one.wire());
    }
    json.writeEndArray();
    end(json, true, name, field);
  }

  private static void schema(JsonGenerator json, Shape shape, String name, String field)
      throws IOException {
    if (shape.kind() == Shape.Kind.ROW) {
      schema(json, shape, ConnectReader.all(shape), name, field);
      return;
    }
    json.writeStartObject();
    String logical = null;
    switch (shape.kind()) {
      case INT -> json.writeStringField("type", "int64");
      case INT32 -> json.writeStringField("type", "int32");
      case FLOAT -> json.writeStringField("type", "double");
      case BOOL -> json.writeStringField("type", "boolean");
      case BYTES -> json.writeStringField("type", "bytes");
      case DATE -> {
        json.writeStringField("type", "int32");
        logical = "io.debezium.time.Date";
      }
      case DATETIME -> {
        json.writeStringField("type", "string");
        logical = "io.debezium.time.ZonedTimestamp";
      }
      case UUID -> {
        json.writeStringField("type", "string");
        logical = "io.debezium.data.Uuid";
      }
      case LIST -> {
        json.writeStringField("type", "array");
        json.writeFieldName("items");
        schema(json, shape.inner(), name, null);
      }
      case DICT -> {
        json.writeStringField("type", "map");
        json.writeFieldName("keys");
        json.writeStartObject();
        json.writeStringField("type", "string");
        end(json, false, null, null);
        json.writeFieldName("values");
        schema(json, shape.inner(), name, null);
      }
      case ENUM ->
          json.writeStringField(
              "type", shape.symbols().get(0) instanceof Long ? "int64" : "string");
      default -> json.writeStringField("type", "string");
    }
    end(json, shape.nullable(), logical, field);
  }

  /** Ends the schema of a value that no class says anything else of. */
  static void simple(JsonGenerator json, String type, boolean optional, String field)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("type", type);
    end(json, optional, null, field);
  }

  static void end(JsonGenerator json, boolean optional, String name, String field)
      throws IOException {
    json.writeBooleanField("optional", optional);
    if (name != null) {
      json.writeStringField("name", name);
      json.writeNumberField("version", 1);
    }
    if (field != null) {
      json.writeStringField("field", field);
    }
    json.writeEndObject();
  }
}
