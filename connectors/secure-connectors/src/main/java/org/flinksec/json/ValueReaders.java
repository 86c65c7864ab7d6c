// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.flinksec.rows.Shape;

/** Chooses the reader of a shape. */
final class ValueReaders {
  private static final String ANY_KEY = "*";

  private ValueReaders() {}

  static ValueReader of(Shape shape) {
    return switch (shape.kind()) {
      case STR -> ScalarReaders::string;
      case INT -> ScalarReaders::longInteger;
      case INT32 -> ScalarReaders::integer;
      case FLOAT -> ScalarReaders::floating;
      case BOOL -> ScalarReaders::bool;
      case BYTES -> ScalarReaders::bytes;
      case DATETIME -> ScalarReaders::instant;
      case DATE -> ScalarReaders::date;
      case DECIMAL -> parser -> ScalarReaders.decimal(parser, shape);
      case UUID -> ScalarReaders::uuid;
      case ENUM -> parser -> ScalarReaders.symbol(parser, shape);
      case ROW -> new RowReader(shape, Set.of());
      case LIST -> list(shape.inner());
      case DICT -> map(shape.inner());
    };
  }

  private static ValueReader list(Shape inner) {
    ValueReader element = of(inner);
    return parser -> {
      List<Object> values = elements(parser, element, !inner.nullable());
      return values.toArray(inner.newArray(values.size()));
    };
  }

  private static List<Object> elements(JsonParser parser, ValueReader element, boolean notNull)
      throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw ValueReader.mismatch(parser, "an array");
    }
    List<Object> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      values.add(orNull(parser, element, notNull));
    }
    return values;
  }

  private static ValueReader map(Shape inner) {
    ValueReader value = of(inner);
    return parser -> {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        throw ValueReader.mismatch(parser, "an object");
      }
      Map<String, Object> values = new LinkedHashMap<>();
      for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
        parser.overrideCurrentName(ANY_KEY); // a key is data, which no message may show
        parser.nextToken();
        values.put(key, orNull(parser, value, !inner.nullable()));
      }
      return values;
    };
  }

  private static Object orNull(JsonParser parser, ValueReader reader, boolean notNull)
      throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_NULL) {
      return reader.read(parser);
    }
    if (notNull) {
      throw ValueReader.invalid(parser, "is null, which its type does not allow");
    }
    return null;
  }
}
