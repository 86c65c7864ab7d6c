// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.util.Set;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.types.Row;
import org.flinksec.formats.RowDecoder;
import org.flinksec.rows.Shape;

/**
 * Reads one JSON object, in UTF-8, into a row.
 *
 * <p>Fields are found by their names outside; fields that the shape does not have are passed over;
 * a field that is missing has its default; one that is null, or missing without a default, becomes
 * null if it may be; of a name that comes twice the last counts. Numbers without a fraction ({@code
 * 5.0}) are taken for integers, nothing else is converted: an integer in quotes is an error. A
 * Decimal is a number, or text of one. Times are ISO-8601 text with an offset, or whole
 * milliseconds since 1970; dates are ISO-8601. Bytes are Base64.
 *
 * <p>Not safe for use by several threads.
 */
public final class JsonToRow implements RowDecoder {
  private static final long serialVersionUID = 1L;

  private final Shape shape;
  private final Set<String> excluded;
  private transient RowReader reader;

  /**
   * @param shape of the rows
   * @param excluded top-level fields, by their names in Flink, that are left null whatever the
   *     document says
   * @throws IllegalArgumentException if a name is unknown
   */
  public JsonToRow(Shape shape, Set<String> excluded) {
    this.shape = shape;
    this.excluded = Set.copyOf(excluded);
    this.reader = newReader();
  }

  /**
   * Reads a document.
   *
   * @param json a whole document; null is an error, since a row has nothing to hold it
   * @throws JsonDecodingException if the document is not a JSON object of the declared form, or
   *     goes beyond {@link JsonLimits}; whatever is wrong with a document, nothing else is thrown
   */
  @Override
  public Row read(byte[] json) throws JsonDecodingException {
    if (json == null) {
      throw new JsonDecodingException("there is no document (a null value)");
    }
    if (reader == null) {
      reader = newReader();
    }
    boolean halves = JsonBytes.check(json);
    Row row;
    try (JsonParser parser = JsonLimits.FACTORY.createParser(json)) {
      row = read(parser);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      throw JsonDecodingException.of(e);
    }
    if (halves) {
      HalfSurrogates.refuse(shape, row);
    }
    return row;
  }

  private Row read(JsonParser parser) throws IOException {
    JsonToken first = parser.nextToken();
    if (first == null) {
      throw new JsonDecodingException("the document is empty");
    }
    if (first != JsonToken.START_OBJECT) {
      throw new JsonDecodingException(
          "the document is " + ValueReader.describe(first) + ", not an object");
    }
    Row row = reader.read(parser);
    if (parser.nextToken() != null) {
      throw new JsonDecodingException("something follows the end of the JSON object");
    }
    return row;
  }

  private RowReader newReader() {
    return new RowReader(shape, excluded);
  }
}
