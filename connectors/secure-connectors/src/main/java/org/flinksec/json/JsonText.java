// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.exc.StreamConstraintsException;

/**
 * The contract of all sinks for a stream of strings: each is one JSON object, which goes out as it
 * is, on one line.
 *
 * <p>The text is parsed to its end. What is no single object would break what surrounds it: a bulk
 * request, into which line feeds could smuggle operations; a file of one document a line; a topic
 * that others read as JSON.
 */
public final class JsonText implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What each field is for, for messages, by its name. */
  private final LinkedHashMap<String, String> fields;

  /**
   * A checked document.
   *
   * @param line without line feeds
   * @param values the text forms of the fields that are there; null for null
   */
  public record Document(String line, Map<String, String> values) {
    /** Whether the one field is there. */
    public boolean found() {
      return !values.isEmpty();
    }

    /** The one field's text form; null if it is null or missing. */
    public String value() {
      return values.isEmpty() ? null : values.values().iterator().next();
    }
  }

  /** Checks documents alone. */
  public JsonText() {
    this(Map.of());
  }

  /**
   * Checks documents, and takes the text form of one of their fields.
   *
   * @param field null for none
   * @param purpose what the field is for, for messages, such as {@code id field}
   */
  public JsonText(String field, String purpose) {
    this(field == null ? Map.of() : Map.of(field, purpose));
  }

  /**
   * Checks documents, and takes the text forms of several of their fields.
   *
   * @param fields what each of them is for, for messages, by its name
   */
  public JsonText(Map<String, String> fields) {
    this.fields = new LinkedHashMap<>(fields);
  }

  /**
   * @throws JsonDecodingException if the text is no single JSON object, or the field has no one
   *     text form; nothing of the text is quoted
   */
  public Document read(String json) throws JsonDecodingException {
    if (json == null) {
      throw new JsonDecodingException("there is no document (a null element)");
    }
    if (HalfSurrogates.in(json)) {
      throw new JsonDecodingException(
          "the document holds half of a surrogate pair, which is not text");
    }
    try (JsonParser parser = JsonLimits.FACTORY.createParser(json)) {
      return read(json, parser);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      throw JsonDecodingException.of(e);
    }
  }

  /**
   * Refuses a document that Elasticsearch cannot read as a part of another one, such as an update:
   * there a name that comes twice, or one level too many, spoils the whole bulk request.
   *
   * @param json is a single JSON object
   * @throws JsonDecodingException if it is so; nothing of the text is quoted
   */
  public static void requireWithin(String json) throws JsonDecodingException {
    try (JsonParser parser = JsonLimits.WITHIN.createParser(json)) {
      while (parser.nextToken() != null) {
        // It is read for what the parser refuses.
      }
    } catch (StreamConstraintsException e) {
      throw new JsonDecodingException(
          "the document goes beyond what an update may be (%s)"
              .formatted(JsonLimits.text(JsonLimits.DEPTH_WITHIN)));
    } catch (IOException e) {
      throw new JsonDecodingException("a name comes twice in an object of the document");
    }
  }

  private Document read(String json, JsonParser parser) throws IOException {
    JsonToken first = parser.nextToken();
    if (first == null) {
      throw new JsonDecodingException("the document is empty");
    }
    if (first != JsonToken.START_OBJECT || json.charAt(0) == '\ufeff') {
      throw new JsonDecodingException("the document is not a JSON object");
    }
    Map<String, String> values = fields.isEmpty() ? Map.of() : new HashMap<>();
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      JsonToken token = parser.nextToken();
      if (fields.containsKey(name)) {
        if (values.containsKey(name)) {
          throw new JsonDecodingException(
              "the %s '%s' comes twice".formatted(fields.get(name), name));
        }
        values.put(name, text(parser, token, name));
      }
      parser.skipChildren();
    }
    if (parser.nextToken() != null) {
      throw new JsonDecodingException("something follows the end of the JSON object");
    }
    // Line ends that JSON allows stand between tokens, where a space says the same.
    return new Document(json.replace('\n', ' ').replace('\r', ' '), values);
  }

  private String text(JsonParser parser, JsonToken token, String name) throws IOException {
    switch (token) {
      case VALUE_NULL:
        return null;
      case VALUE_TRUE, VALUE_FALSE:
        return parser.getText();
      case VALUE_NUMBER_INT:
        return parser.getBigIntegerValue().toString(); // -0 is 0
      case VALUE_STRING:
        if (HalfSurrogates.in(parser.getText())) {
          throw new JsonDecodingException(
              "the %s '%s' holds half of a surrogate pair, which is not text"
                  .formatted(fields.get(name), name));
        }
        return parser.getText();
      default:
        throw new JsonDecodingException(
            "the %s '%s' is %s, which has no one text form"
                .formatted(fields.get(name), name, ValueReader.describe(token)));
    }
  }
}
