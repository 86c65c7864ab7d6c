// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/**
 * Makes documents of text that is JSON already.
 *
 * <p>The text is parsed to its end: what is no single object would break the bulk request around
 * it, and text with line feeds could smuggle in operations of its own.
 */
final class JsonDocumentConverter extends DocumentConverter<String> {
  private static final long serialVersionUID = 1L;
  private static final JsonFactory FACTORY = new JsonFactory();

  private final String idField;

  JsonDocumentConverter(String idField, int maxBytes) {
    super(idField, maxBytes);
    this.idField = idField;
  }

  @Override
  DocumentRequest convert(String json) {
    if (json == null) {
      throw new DocumentException("there is no document (a null element)");
    }
    String id = parse(json);
    // A line feed that JSON allows stands between tokens, where a space says the same.
    return new DocumentRequest(id, json.replace('\n', ' ').getBytes(StandardCharsets.UTF_8));
  }

  /** Checks the text and returns the value of the id field, if there is one. */
  private String parse(String json) {
    try (JsonParser parser = FACTORY.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new DocumentException("the document is not a JSON object");
      }
      String id = null;
      for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
        JsonToken value = parser.nextToken();
        if (name.equals(idField)) {
          id = scalar(parser, value);
        }
        parser.skipChildren();
      }
      if (parser.nextToken() != null) {
        throw new DocumentException("something follows the JSON object of the document");
      }
      return id;
    } catch (IOException e) {
      throw new DocumentException("the document is not valid JSON");
    }
  }

  private String scalar(JsonParser parser, JsonToken value) throws IOException {
    if (value.isStructStart()) {
      throw new DocumentException("the id field '%s' is an object or an array".formatted(idField));
    }
    return value == JsonToken.VALUE_NULL ? null : parser.getText();
  }
}
