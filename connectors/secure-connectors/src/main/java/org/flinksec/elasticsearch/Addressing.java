// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.flinksec.choices.Choices;
import org.flinksec.elasticsearch.DocumentRequest.Address;
import org.flinksec.https.FlatSettings;
import org.flinksec.json.HalfSurrogates;
import org.flinksec.rows.Scalars;

/**
 * How a record says where its document goes and what is done there. What would make Elasticsearch
 * refuse a whole bulk request is refused here.
 *
 * @param idFields the fields that identify a document together; empty to let Elasticsearch choose
 * @param operation what is done, unless a field says it
 * @param operationField the field that says it; null for none
 * @param routingField the field that chooses a shard; null for none
 * @param versionField the field with the document's version; null for none
 * @param index makes the name of the index; null for that of the sink
 */
record Addressing(
    List<String> idFields,
    Operation operation,
    String operationField,
    String routingField,
    String versionField,
    IndexPattern index)
    implements Serializable {
  /** Elasticsearch's limit; one id beyond it makes the whole bulk request fail. */
  private static final int MAX_BYTES = 512;

  private static final String SEPARATOR = ":";

  static Addressing take(FlatSettings flat) {
    String ids = flat.optional("id_fields");
    String id = flat.optional("id_field");
    String pattern = flat.optional("index_pattern");
    String word = flat.optional("operation", Operation.INDEX.word());
    Operation operation = Choices.parse(Operation.class, "operation", word);
    Addressing made =
        new Addressing(
            ids != null ? List.of(ids.split("\n")) : id != null ? List.of(id) : List.of(),
            operation,
            flat.optional("operation_field"),
            flat.optional("routing_field"),
            flat.optional("version_field"),
            pattern == null ? null : IndexPattern.parse(pattern));
    made.require();
    return made;
  }

  private void require() {
    boolean identified = !idFields.isEmpty();
    if (!identified && (operation.needsId() || operationField != null || versionField != null)) {
      throw new IllegalArgumentException(
          "%s needs an id: name the fields that make it in id_field or id_fields"
              .formatted(
                  operationField != null
                      ? "operation_field"
                      : versionField != null ? "version_field" : operation.word()));
    }
    if (versionField != null && operationField == null && !operation.takesVersion()) {
      throw new IllegalArgumentException(
          "version_field does not go with the operation %s, which Elasticsearch gives versions of its own"
              .formatted(operation.word()));
    }
  }

  /** All fields that are asked for, and what for, by the name of the argument. */
  Map<String, String> fields() {
    Map<String, String> fields = new LinkedHashMap<>();
    if (index != null) {
      index.fields().forEach(field -> fields.put(field, "index"));
    }
    put(versionField, "version_field", fields);
    put(routingField, "routing_field", fields);
    put(operationField, "operation_field", fields);
    idFields.forEach(field -> put(field, idFields.size() > 1 ? "id_fields" : "id_field", fields));
    return fields;
  }

  private static void put(String field, String purpose, Map<String, String> fields) {
    if (field != null) {
      fields.put(field, purpose);
    }
  }

  /**
   * Where one document goes.
   *
   * @param deletes whether the row is a table's change that deletes
   * @throws DocumentException if a field says what cannot be
   */
  Address of(FieldValues values, boolean deletes) {
    Operation chosen = deletes ? Operation.DELETE : operation(values);
    if (deletes && idFields.isEmpty()) {
      throw new DocumentException(
          "the row deletes, or says what another one was before, and without id_field it is not known which document");
    }
    Long version = version(values);
    if (version != null && !chosen.takesVersion()) {
      throw new DocumentException(
          "the operation %s takes no version, and the version field '%s' has one"
              .formatted(chosen.word(), versionField));
    }
    return new Address(
        chosen, index == null ? null : index.name(values), id(values), routing(values), version);
  }

  private Operation operation(FieldValues values) {
    if (operationField == null) {
      return operation;
    }
    Object value = values.get(operationField);
    Operation found = value == null ? null : Operation.of(Scalars.text(value));
    if (found == null) {
      throw new DocumentException(
          "the operation field '%s' is %s"
              .formatted(
                  operationField,
                  value == null ? "null or missing" : "none of " + Choices.words(Operation.class)));
    }
    return found;
  }

  private String id(FieldValues values) {
    if (idFields.isEmpty()) {
      return null;
    }
    StringBuilder id = new StringBuilder();
    for (String field : idFields) {
      Object value = values.get(field);
      String text = value == null ? null : Scalars.text(value);
      if (text == null || text.isEmpty()) {
        throw new DocumentException(
            "the id field '%s' is %s".formatted(field, text == null ? "null or missing" : "empty"));
      }
      if (idFields.size() > 1) {
        // Two records that differ must not come to one id: "a:b", "c" and "a", "b:c".
        text = text.replace("%", "%25").replace(SEPARATOR, "%3A");
        id.append(id.isEmpty() ? "" : SEPARATOR);
      }
      id.append(text);
    }
    return usable(id.toString(), idFields.size() > 1 ? "id fields" : "id field", idFields);
  }

  private String routing(FieldValues values) {
    Object value = routingField == null ? null : values.get(routingField);
    String text = value == null ? "" : Scalars.text(value);
    return text.isEmpty() ? null : whole(text, "the routing field '%s'".formatted(routingField));
  }

  private static String usable(String text, String purpose, List<String> fields) {
    String named = "the %s '%s'".formatted(purpose, String.join("', '", fields));
    if (text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      throw new DocumentException(
          "%s %s longer than the %d bytes that Elasticsearch allows"
              .formatted(named, fields.size() > 1 ? "are" : "is", MAX_BYTES));
    }
    return whole(text, named);
  }

  private static String whole(String text, String named) {
    if (HalfSurrogates.in(text)) {
      throw new DocumentException(named + " holds half of a surrogate pair, which is not text");
    }
    return text;
  }

  private Long version(FieldValues values) {
    Object value = versionField == null ? null : values.get(versionField);
    if (versionField == null) {
      return null;
    }
    Long version = null;
    try {
      version =
          value instanceof Instant time
              ? Long.valueOf(
                  Math.addExact(
                      Math.multiplyExact(time.getEpochSecond(), 1_000_000L), time.getNano() / 1000))
              : value == null ? null : Long.valueOf(Scalars.text(value));
    } catch (NumberFormatException | ArithmeticException e) {
      // falls through to the same complaint
    }
    if (version == null || version < 0) {
      if (value == null && operationField != null) {
        return null;
      }
      throw new DocumentException(
          "the version field '%s' is %s"
              .formatted(
                  versionField,
                  value == null ? "null or missing" : "no whole number from 0, and no time"));
    }
    return version;
  }
}
