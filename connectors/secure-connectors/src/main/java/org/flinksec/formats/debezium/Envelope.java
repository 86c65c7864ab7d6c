// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.debezium;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.DeserializationFeature;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectReader;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.json.JsonBytes;
import org.flinksec.json.JsonDecodingException;
import org.flinksec.json.JsonLimits;

/**
 * Takes envelopes apart: with the schema around them, as Kafka Connect's converter writes them
 * unless told otherwise, or without.
 *
 * <p>The schema is the same in most messages, and many times as long as the payload: it is parsed
 * again only where its bytes differ.
 */
final class Envelope {
  private static final Set<String> PARTS =
      Set.of("before", "after", "op", "source", "ts_ms", "ts_us", "ts_ns");
  private static final ObjectReader TREES =
      new ObjectMapper(JsonLimits.FACTORY.copy())
          .reader()
          .with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .without(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES);

  private byte[] knownBytes = new byte[0];
  private ConnectSchema known;

  /**
   * Of one message: its parts by name, and what the schema says of the envelope, if there is one.
   */
  record Opened(Map<String, JsonNode> parts, ConnectSchema schema) {
    /** A part; null if it is missing or null. */
    JsonNode part(String name) {
      JsonNode found = parts.get(name);
      return found == null || found.isNull() ? null : found;
    }
  }

  /**
   * Opens one.
   *
   * @return null if the envelope has no payload, as a tombstone with a schema has none
   * @throws JsonDecodingException if it is no JSON object, or goes beyond {@link JsonLimits}
   */
  Opened open(byte[] json) throws JsonDecodingException, BadValueException {
    JsonBytes.check(json);
    try (JsonParser parser = TREES.getFactory().createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new BadValueException("is no JSON object");
      }
      Opened opened = open(parser, json);
      if (parser.nextToken() != null) {
        throw new BadValueException("has something behind the end of the JSON object");
      }
      return opened;
    } catch (IOException | RuntimeException | StackOverflowError e) {
      throw JsonDecodingException.of(e);
    }
  }

  private Opened open(JsonParser parser, byte[] json) throws IOException, BadValueException {
    Map<String, JsonNode> parts = new HashMap<>();
    ConnectSchema schema = null;
    boolean empty = false;
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      JsonToken token = parser.nextToken();
      if (name.equals("schema") && token == JsonToken.START_OBJECT) {
        schema = schema(parser, json);
      } else if (name.equals("payload") && token == JsonToken.START_OBJECT) {
        parts(parser, parts);
      } else if (name.equals("payload") && token == JsonToken.VALUE_NULL) {
        empty = true;
      } else {
        part(name, parser, parts);
      }
    }
    return empty && parts.isEmpty() ? null : new Opened(parts, schema);
  }

  private static void parts(JsonParser parser, Map<String, JsonNode> parts) throws IOException {
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      part(name, parser, parts);
    }
  }

  private static void part(String name, JsonParser parser, Map<String, JsonNode> parts)
      throws IOException {
    if (PARTS.contains(name)) {
      parts.put(name, TREES.readTree(parser));
    } else {
      parser.skipChildren();
    }
  }

  private ConnectSchema schema(JsonParser parser, byte[] json) throws IOException {
    int start = (int) parser.currentTokenLocation().getByteOffset();
    parser.skipChildren();
    int end = (int) parser.currentLocation().getByteOffset();
    if (!Arrays.equals(json, start, end, knownBytes, 0, knownBytes.length)) {
      known = ConnectSchema.of(TREES.readTree(json, start, end - start));
      knownBytes = Arrays.copyOfRange(json, start, end);
    }
    return known;
  }
}
