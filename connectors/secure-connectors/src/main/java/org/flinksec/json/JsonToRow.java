// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.types.Row;
import org.flinksec.formats.RowDecoder;

/**
 * Reads one JSON object, in UTF-8, into a row.
 *
 * <p>Fields are found by name; fields that the row type does not have are passed over; a field that
 * is missing or null becomes null unless it is required; of a name that comes twice the last
 * counts. Numbers without a fraction ({@code 5.0}) are taken for integers, nothing else is
 * converted: a number in quotes is an error. Instants are ISO-8601 text with an offset, or whole
 * milliseconds since 1970. Bytes are Base64.
 *
 * <p>Not safe for use by several threads.
 */
public final class JsonToRow implements RowDecoder {
  private static final long serialVersionUID = 1L;

  private final RowTypeInfo type;
  private final List<String> required;
  private final Set<String> excluded;
  private transient RowReader reader;

  /** Reads every field of the type; none is required. */
  public JsonToRow(RowTypeInfo type) {
    this(type, List.of(), Set.of());
  }

  /**
   * @param required what must be present and not null: {@code place}, below it {@code place.name},
   *     the elements of a list {@code tags[]}, the values of a map {@code counts{}}, the fields of
   *     a list's rows {@code legs[].origin}
   * @param excluded top-level fields that are left null whatever the document says
   * @throws IllegalArgumentException if a name is unknown or a field's type has no JSON form
   */
  public JsonToRow(RowTypeInfo type, Collection<String> required, Collection<String> excluded) {
    this.type = type;
    this.required = List.copyOf(required);
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
      HalfSurrogates.refuse(type, row);
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
    return new RowReader(type, required, excluded);
  }
}
