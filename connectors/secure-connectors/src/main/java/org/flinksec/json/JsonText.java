// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

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

  private final String field;
  private final String purpose;

  /**
   * A checked document.
   *
   * @param line without line feeds
   * @param found whether the field is there
   * @param value the field's text form; null if it is null or missing
   */
  public record Document(String line, boolean found, String value) {}

  /** Checks documents alone. */
  public JsonText() {
    this(null, null);
  }

  /**
   * Checks documents, and takes the text form of one of their fields.
   *
   * @param field null for none
   * @param purpose what the field is for, for messages, such as {@code id field}
   */
  public JsonText(String field, String purpose) {
    this.field = field;
    this.purpose = purpose;
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

  private Document read(String json, JsonParser parser) throws IOException {
    JsonToken first = parser.nextToken();
    if (first == null) {
      throw new JsonDecodingException("the document is empty");
    }
    if (first != JsonToken.START_OBJECT || json.charAt(0) == '\ufeff') {
      throw new JsonDecodingException("the document is not a JSON object");
    }
    boolean found = false;
    String value = null;
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      JsonToken token = parser.nextToken();
      if (name.equals(field)) {
        if (found) {
          throw new JsonDecodingException("the %s '%s' comes twice".formatted(purpose, field));
        }
        found = true;
        value = text(parser, token);
      }
      parser.skipChildren();
    }
    if (parser.nextToken() != null) {
      throw new JsonDecodingException("something follows the end of the JSON object");
    }
    // Line ends that JSON allows stand between tokens, where a space says the same.
    return new Document(json.replace('\n', ' ').replace('\r', ' '), found, value);
  }

  private String text(JsonParser parser, JsonToken token) throws IOException {
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
                  .formatted(purpose, field));
        }
        return parser.getText();
      default:
        throw new JsonDecodingException(
            "the %s '%s' is %s, which has no one text form"
                .formatted(purpose, field, ValueReader.describe(token)));
    }
  }
}
