// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** Reads the answer to a bulk request. */
final class BulkResponse {
  /** All that is read here; Elasticsearch then sends nothing else. */
  static final String FILTER = "errors,items.*.status,items.*.error.type,items.*.error.reason";

  private static final JsonFactory FACTORY = new JsonFactory();

  private BulkResponse() {}

  /**
   * @return one item per document, in the order of the request
   * @throws IOException if the answer is not that of a bulk request with so many documents
   */
  static List<BulkItem> parse(InputStream body, int documents) throws IOException {
    List<BulkItem> items = new ArrayList<>(documents);
    try (JsonParser parser = FACTORY.createParser(body)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
          if (name.equals("items") && parser.nextToken() == JsonToken.START_ARRAY) {
            readItems(parser, items);
          } else {
            skipValue(parser);
          }
        }
      }
    }
    if (items.size() != documents) {
      throw new IOException(
          "the answer to a bulk request of %d documents speaks of %d"
              .formatted(documents, items.size()));
    }
    return items;
  }

  private static void readItems(JsonParser parser, List<BulkItem> items) throws IOException {
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      parser.nextFieldName(); // the action
      parser.nextToken();
      items.add(readItem(parser));
      parser.nextToken(); // the end of the item
    }
  }

  private static BulkItem readItem(JsonParser parser) throws IOException {
    int status = 0;
    String type = null;
    String reason = null;
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      if (name.equals("status")) {
        status = parser.nextIntValue(0);
      } else if (name.equals("error") && parser.nextToken() == JsonToken.START_OBJECT) {
        for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
          if (key.equals("type")) {
            type = parser.nextTextValue();
          } else if (key.equals("reason")) {
            reason = parser.nextTextValue();
          } else {
            skipValue(parser);
          }
        }
      } else {
        skipValue(parser);
      }
    }
    if (status == 0) {
      throw new IOException("the answer to a bulk request has an item without a status");
    }
    return new BulkItem(status, type, reason);
  }

  /** Passes over the value of the current field, whether or not the parser already stands on it. */
  private static void skipValue(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.FIELD_NAME) {
      parser.nextToken();
    }
    parser.skipChildren();
  }
}
