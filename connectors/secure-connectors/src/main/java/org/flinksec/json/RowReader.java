// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.types.Row;

/** Reads an object into a row; required fields are checked when the object ends. */
final class RowReader implements ValueReader {
  private final String[] names;
  private final ValueReader[] readers;
  private final int[] required;
  private final Map<String, Integer> positions = new HashMap<>();

  RowReader(RowTypeInfo type, Collection<String> required, Set<String> excluded) {
    this.names = type.getFieldNames();
    this.readers = new ValueReader[names.length];
    requireKnown(required);
    requireKnown(excluded);
    for (int i = 0; i < names.length; i++) {
      if (!excluded.contains(names[i])) {
        positions.put(names[i], i);
        readers[i] =
            ValueReaders.of(names[i], type.getTypeAt(i), RequiredPaths.below(required, names[i]));
      }
    }
    this.required =
        required.stream()
            .filter(positions::containsKey)
            .mapToInt(name -> type.getFieldIndex(name))
            .toArray();
  }

  @Override
  public Row read(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw ValueReader.mismatch(parser, "an object");
    }
    Row row = new Row(names.length);
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      Integer position = positions.get(name);
      JsonToken token = parser.nextToken();
      if (position == null) {
        parser.skipChildren();
      } else {
        row.setField(
            position, token == JsonToken.VALUE_NULL ? null : readers[position].read(parser));
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

  private void requireKnown(Collection<String> asked) {
    for (String path : asked) {
      if (!Arrays.asList(names).contains(RequiredPaths.firstName(path))) {
        throw new IllegalArgumentException(
            "'%s' is not a field of the row; it has: %s".formatted(path, String.join(", ", names)));
      }
    }
  }
}
