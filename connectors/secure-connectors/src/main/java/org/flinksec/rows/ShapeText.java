// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.io.Serializable;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape.Kind;

/** The JSON in which Python tells the JVM the shape of a record. */
final class ShapeText {
  private ShapeText() {}

  static Shape parse(String json) {
    try {
      return shape(new ObjectMapper().readTree(json));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("the shape of a record is no JSON", e);
    }
  }

  private static Shape shape(JsonNode node) {
    Kind kind = Kind.valueOf(node.required("kind").asText().toUpperCase(Locale.ROOT));
    List<Shape.Field> fields = new ArrayList<>();
    node.path("fields").forEach(field -> fields.add(field(field)));
    List<Serializable> symbols = new ArrayList<>();
    node.path("symbols").forEach(symbol -> symbols.add(scalar(symbol)));
    return new Shape(
        kind,
        node.path("nullable").asBoolean(),
        node.path("name").asText(null),
        fields,
        node.has("inner") ? shape(node.get("inner")) : null,
        symbols,
        node.path("precision").asInt(),
        node.path("scale").asInt(),
        node.path("key").asText(null));
  }

  private static Shape.Field field(JsonNode node) {
    String name = node.required("name").asText();
    Shape shape = shape(node.required("shape"));
    boolean hasDefault = node.has("default");
    return new Shape.Field(
        name,
        node.path("wire").asText(name),
        shape,
        hasDefault,
        hasDefault ? value(shape, node.get("default")) : null);
  }

  /** A default as it stands in a row. */
  private static Serializable value(Shape shape, JsonNode node) {
    if (node.isNull()) {
      return null;
    }
    return switch (shape.kind()) {
      case STR, UUID -> node.asText();
      case INT -> node.asLong();
      case INT32 -> node.asInt();
      case FLOAT -> node.isTextual() ? Double.valueOf(node.asText()) : (Double) node.asDouble();
      case BOOL -> node.asBoolean();
      case BYTES -> Base64.getDecoder().decode(node.asText());
      case DATETIME -> OffsetDateTime.parse(node.asText()).toInstant();
      case DATE -> LocalDate.parse(node.asText());
      case DECIMAL -> new BigDecimal(node.asText());
      case ENUM -> scalar(node);
      case ROW -> row(shape, node);
      case LIST -> list(shape.inner(), node);
      case DICT -> dict(shape.inner(), node);
    };
  }

  private static Row row(Shape shape, JsonNode node) {
    Row row = new Row(shape.fields().size());
    for (int i = 0; i < row.getArity(); i++) {
      Shape.Field field = shape.fields().get(i);
      row.setField(i, value(field.shape(), node.get(field.name())));
    }
    return row;
  }

  private static Serializable list(Shape inner, JsonNode node) {
    Object[] values = inner.newArray(node.size());
    for (int i = 0; i < values.length; i++) {
      values[i] = value(inner, node.get(i));
    }
    return values;
  }

  private static Serializable dict(Shape inner, JsonNode node) {
    LinkedHashMap<String, Object> values = new LinkedHashMap<>();
    node.fields().forEachRemaining(e -> values.put(e.getKey(), value(inner, e.getValue())));
    return values;
  }

  private static Serializable scalar(JsonNode node) {
    return node.isTextual() ? node.asText() : (Serializable) node.asLong();
  }
}
