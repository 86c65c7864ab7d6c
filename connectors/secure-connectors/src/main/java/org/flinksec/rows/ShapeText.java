// SPDX-License-Identifier: Apache-2.0
package org.flinksec.rows;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
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
        node.path("scale").asInt());
  }

  private static Shape.Field field(JsonNode node) {
    String name = node.required("name").asText();
    return new Shape.Field(
        name, node.path("wire").asText(name), shape(node.required("shape")), false, null);
  }

  private static Serializable scalar(JsonNode node) {
    return node.isTextual() ? node.asText() : (Serializable) node.asLong();
  }
}
