// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.flinksec.schemaregistry.RegisteredSchema.Reference;

/**
 * What a job asks of a schema registry, in Confluent's REST interface. Nothing is remembered.
 *
 * <p>All methods throw a {@link SchemaRegistryException} if the registry cannot be used.
 */
public final class SchemaRegistry {
  private static final int MOST_REFERENCES = 100;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final RegistryHttp http;
  private final String addresses;

  public SchemaRegistry(RegistrySettings settings) {
    this.http = new RegistryHttp(settings);
    this.addresses = settings.https().servers().get(0).toString();
  }

  /**
   * The schema of an id.
   *
   * @throws UnknownSchemaException if there is none
   */
  public RegisteredSchema byId(int id) {
    JsonNode found = get("/schemas/ids/" + id);
    if (found == null) {
      throw new UnknownSchemaException("schema of the id " + id);
    }
    return schema(found, id);
  }

  /** The newest schema of a subject; empty if it has none. */
  public Optional<RegisteredSchema> latest(String subject) {
    return version(subject, "latest");
  }

  private Optional<RegisteredSchema> version(String subject, String version) {
    JsonNode found = get("/subjects/%s/versions/%s".formatted(segment(subject), version));
    return Optional.ofNullable(found).map(json -> schema(json, json.path("id").asInt()));
  }

  /** The id of a schema if it is registered under a subject. */
  public OptionalInt find(String subject, RegisteredSchema schema) {
    JsonNode found = post("/subjects/" + segment(subject), schema);
    return found == null ? OptionalInt.empty() : OptionalInt.of(id(found));
  }

  /**
   * Registers a schema under a subject, if it is not yet, and returns its id.
   *
   * @throws SchemaRegistryException if the subject's rule of compatibility does not allow it
   */
  public int register(String subject, RegisteredSchema schema) {
    JsonNode registered = post("/subjects/%s/versions".formatted(segment(subject)), schema);
    if (registered == null) {
      throw unexpected(404);
    }
    return id(registered);
  }

  /**
   * Why a schema may not follow the newest of a subject, by the subject's rule.
   *
   * @return null if it may, or there is no schema yet
   */
  public String incompatibility(String subject, RegisteredSchema schema) {
    JsonNode answer =
        post(
            "/compatibility/subjects/%s/versions/latest?verbose=true".formatted(segment(subject)),
            schema);
    if (answer == null || answer.path("is_compatible").asBoolean()) {
      return null;
    }
    List<String> messages = new ArrayList<>();
    answer.path("messages").forEach(message -> messages.add(message.asText()));
    return messages.isEmpty() ? "it gives no reason" : String.join("; ", messages);
  }

  /** Asks whether the registry lets the job in. */
  public void login() {
    if (get("/subjects") == null) {
      throw unexpected(404);
    }
  }

  /**
   * The texts of all schemas that one uses, directly or not, those that others use first.
   *
   * @throws SchemaRegistryException if one is missing, or there are too many
   */
  public List<String> references(RegisteredSchema schema) {
    List<Reference> order = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    collect(schema, order, texts, 0);
    return texts;
  }

  private void collect(
      RegisteredSchema schema, List<Reference> order, List<String> texts, int depth) {
    for (Reference reference : schema.references()) {
      boolean known =
          order.stream()
              .anyMatch(
                  other ->
                      other.subject().equals(reference.subject())
                          && other.version() == reference.version());
      if (known) {
        continue;
      }
      if (order.size() >= MOST_REFERENCES || depth >= MOST_REFERENCES) {
        throw new SchemaRegistryException(
            "a schema has more than %d references".formatted(MOST_REFERENCES));
      }
      order.add(reference);
      RegisteredSchema found =
          version(reference.subject(), Integer.toString(reference.version()))
              .orElseThrow(
                  () ->
                      new UnknownSchemaException(
                          "version %d of the subject %s, which a schema refers to"
                              .formatted(reference.version(), reference.subject())));
      collect(found, order, texts, depth + 1);
      texts.add(found.text());
    }
  }

  private static RegisteredSchema schema(JsonNode json, int id) {
    List<Reference> references = new ArrayList<>();
    json.path("references")
        .forEach(
            each ->
                references.add(
                    new Reference(
                        each.path("name").asText(),
                        each.path("subject").asText(),
                        each.path("version").asInt())));
    return new RegisteredSchema(
        id, json.path("schemaType").asText("AVRO"), json.path("schema").asText(), references);
  }

  private int id(JsonNode json) {
    if (!json.path("id").isInt()) {
      throw new SchemaRegistryException(
          "schema_registry.urls: %s gives a schema no id; is it a schema registry?"
              .formatted(addresses));
    }
    return json.get("id").asInt();
  }

  /** The answer; null for what the registry does not have. */
  private JsonNode get(String path) {
    return read(http.send(path, null));
  }

  private JsonNode post(String path, RegisteredSchema schema) {
    ObjectNode body = JSON.createObjectNode();
    body.put("schema", schema.text());
    if (!schema.type().equals("AVRO")) { // what registries of old do not know
      body.put("schemaType", schema.type());
    }
    if (!schema.references().isEmpty()) {
      ArrayNode references = body.putArray("references");
      for (Reference each : schema.references()) {
        references
            .addObject()
            .put("name", each.name())
            .put("subject", each.subject())
            .put("version", each.version());
      }
    }
    return read(http.send(path, body.toString()));
  }

  private JsonNode read(RegistryHttp.Answer answer) {
    JsonNode json;
    try {
      json = JSON.readTree(answer.body());
    } catch (IOException e) {
      throw unexpected(answer.status());
    }
    if (answer.status() == 200) {
      return json;
    }
    int code = json.path("error_code").asInt();
    if (answer.status() == 404 && code / 100 == 404) {
      return null;
    }
    if (answer.status() == 409 || answer.status() == 422 || answer.status() == 400) {
      throw new SchemaRegistryException(
          "the schema registry at %s refuses the schema (status %d): %s"
              .formatted(addresses, answer.status(), json.path("message").asText("no reason")));
    }
    throw unexpected(answer.status());
  }

  private SchemaRegistryException unexpected(int status) {
    return new SchemaRegistryException(
        "schema_registry.urls: %s answers with status %d; is it a schema registry?"
            .formatted(addresses, status));
  }

  static String segment(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
