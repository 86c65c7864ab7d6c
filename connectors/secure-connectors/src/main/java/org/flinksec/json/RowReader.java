// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/**
 * Reads an object into a row; when the object ends, what is missing gets its default, and what is
 * required is checked.
 */
final class RowReader implements ValueReader {
  private final String[] names;
  private final ValueReader[] readers;
  private final int[] required;
  private final int[] withDefault;
  private final Serializable[] defaults;
  private final Map<String, Integer> positions = new HashMap<>();

  RowReader(Shape shape, Set<String> excluded) {
    requireKnown(shape, excluded);
    int arity = shape.fields().size();
    this.names = shape.fields().stream().map(Shape.Field::wire).toArray(String[]::new);
    this.readers = new ValueReader[arity];
    this.defaults = new Serializable[arity];
    int[] read =
        IntStream.range(0, arity)
            .filter(i -> !excluded.contains(shape.fields().get(i).name()))
            .toArray();
    for (int i : read) {
      Shape.Field field = shape.fields().get(i);
      positions.put(field.wire(), i);
      readers[i] = ValueReaders.of(field.shape());
      defaults[i] = field.ifMissing();
    }
    this.required =
        IntStream.of(read).filter(i -> !shape.fields().get(i).shape().nullable()).toArray();
    this.withDefault =
        IntStream.of(read).filter(i -> shape.fields().get(i).ifMissing() != null).toArray();
  }

  @Override
  public Row read(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw ValueReader.mismatch(parser, "an object");
    }
    Row row = new Row(names.length);
    boolean[] seen = withDefault.length == 0 ? null : new boolean[names.length];
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      Integer position = positions.get(name);
      JsonToken token = parser.nextToken();
      if (position == null) {
        parser.skipChildren();
        continue;
      }
      row.setField(position, token == JsonToken.VALUE_NULL ? null : readers[position].read(parser));
      if (seen != null) {
        seen[position] = true;
      }
    }
    for (int position : withDefault) {
      if (!seen[position]) {
        row.setField(position, defaults[position]);
      }
    }
    for (int position : required) {
      if (row.getField(position) == null) {
        throw missing(parser, names[position]);
      }
    }
    return row;
  }

  private static JsonDecodingException missing(JsonParser parser, String name) {
    // At END_OBJECT the parser stands in the parent, whose path is the object's own.
    String parent = ValueReader.path(parser);
    String path = parent.isEmpty() ? name : parent + "." + name;
    return new JsonDecodingException("field '%s' is required but missing or null".formatted(path));
  }

  private static void requireKnown(Shape shape, Set<String> asked) {
    for (String name : asked) {
      if (shape.position(name) < 0) {
        throw new IllegalArgumentException(
            "'%s' is not a field of the row; it has: %s"
                .formatted(name, String.join(", ", shape.names())));
      }
    }
  }
}
