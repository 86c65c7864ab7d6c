// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.debezium;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/**
 * What a schema of Kafka Connect says of one value, beyond what its JSON shows: which of several
 * meanings a number or a text has.
 *
 * @param name of the logical type; empty for none
 * @param scale of a decimal
 * @param fields of a struct, by name
 * @param inner of the elements of an array or the values of a map; null for none
 */
record ConnectSchema(
    String name, int scale, Map<String, ConnectSchema> fields, ConnectSchema inner) {
  private static final int DEEPEST = 100;

  /** Reads a schema in JSON; what is missing in it says nothing. */
  static ConnectSchema of(JsonNode schema) {
    return of(schema, 0);
  }

  private static ConnectSchema of(JsonNode schema, int depth) {
    if (depth > DEEPEST) {
      return null;
    }
    Map<String, ConnectSchema> fields = new HashMap<>();
    for (JsonNode field : schema.path("fields")) {
      fields.put(field.path("field").asText(), of(field, depth + 1));
    }
    JsonNode inner = schema.has("items") ? schema.get("items") : schema.path("values");
    return new ConnectSchema(
        schema.path("name").asText(""),
        schema.path("parameters").path("scale").asInt(0),
        fields,
        inner.isObject() ? of(inner, depth + 1) : null);
  }

  /** What is said of a field; null for nothing. */
  static ConnectSchema field(ConnectSchema struct, String name) {
    return struct == null ? null : struct.fields.get(name);
  }

  /** The logical type; empty for none. */
  static String nameOf(ConnectSchema schema) {
    return schema == null ? "" : schema.name;
  }
}
