// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonStreamContext;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** Reads the value at the parser's current token, which is never null's. */
@FunctionalInterface
interface ValueReader {
  Object read(JsonParser parser) throws IOException;

  /**
   * An error at the parser's place: which field, what was expected, what kind of value is there.
   */
  static JsonDecodingException mismatch(JsonParser parser, String expected) {
    return new JsonDecodingException(
        "field '%s' should be %s but is %s"
            .formatted(path(parser), expected, describe(parser.currentToken())));
  }

  /** An error at the parser's place whose value has the right kind but not the right content. */
  static JsonDecodingException invalid(JsonParser parser, String problem) {
    return new JsonDecodingException("field '%s' %s".formatted(path(parser), problem));
  }

  /** The dotted path of the current value, list positions included, as in {@code legs.0.origin}. */
  static String path(JsonParser parser) {
    JsonStreamContext context = parser.getParsingContext();
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY) {
      context = context.getParent(); // the parser has already entered the value
    }
    return context.pathAsPointer().toString().replaceFirst("^/", "").replace('/', '.');
  }

  static String describe(JsonToken token) {
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT -> "a whole number";
      case VALUE_NUMBER_FLOAT -> "a number with a fraction";
      case VALUE_TRUE, VALUE_FALSE -> "a boolean";
      case VALUE_NULL -> "null";
      default -> "no value";
    };
  }
}
