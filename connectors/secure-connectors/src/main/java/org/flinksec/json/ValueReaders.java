// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.api.java.typeutils.MapTypeInfo;
import org.apache.flink.api.java.typeutils.ObjectArrayTypeInfo;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** Chooses the reader of a type. */
final class ValueReaders {
  private static final Map<TypeInformation<?>, ValueReader> SCALARS =
      Map.of(
          Types.STRING, ScalarReaders::string,
          Types.LONG, ScalarReaders::longInteger,
          Types.INT, ScalarReaders::integer,
          Types.DOUBLE, ScalarReaders::floating,
          Types.BOOLEAN, ScalarReaders::bool,
          Types.INSTANT, ScalarReaders::instant,
          PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO, ScalarReaders::bytes);

  private static final String ANY_KEY = "*";

  private ValueReaders() {}

  /**
   * @param required what may not be null below the value, as steps of {@link RequiredPaths}
   */
  static ValueReader of(String field, TypeInformation<?> type, List<String> required) {
    ValueReader scalar = SCALARS.get(type);
    if (scalar != null) {
      return scalar;
    }
    if (type instanceof RowTypeInfo row) {
      return new RowReader(row, RequiredPaths.ofRow(required), Set.of());
    }
    if (type instanceof ListTypeInfo<?> list) {
      return list(element(field, list.getElementTypeInfo(), required));
    }
    if (type instanceof MapTypeInfo<?, ?> map && map.getKeyTypeInfo().equals(Types.STRING)) {
      ValueReader value =
          of(field, map.getValueTypeInfo(), RequiredPaths.after(required, RequiredPaths.VALUES));
      return map(value, required.contains(RequiredPaths.VALUES));
    }
    if (type instanceof ObjectArrayTypeInfo<?, ?> array) {
      return array(array.getComponentInfo(), element(field, array.getComponentInfo(), required));
    }
    if (type instanceof BasicArrayTypeInfo<?, ?> array) {
      return array(array.getComponentInfo(), element(field, array.getComponentInfo(), required));
    }
    throw new IllegalArgumentException(
        "field '%s' has the type %s, which cannot be read from JSON".formatted(field, type));
  }

  /** The reader of a list's elements, null included where it is allowed. */
  private static ValueReader element(String field, TypeInformation<?> type, List<String> required) {
    ValueReader reader = of(field, type, RequiredPaths.after(required, RequiredPaths.ELEMENTS));
    boolean notNull = required.contains(RequiredPaths.ELEMENTS);
    return parser -> orNull(parser, reader, notNull);
  }

  private static ValueReader list(ValueReader element) {
    return parser -> {
      List<Object> values = elements(parser, element);
      if (values.contains(null)) {
        // Flink's list serializer would fail on it later, and say nothing useful.
        throw ValueReader.invalid(parser, "is a list that holds null; use an array type for that");
      }
      return values;
    };
  }

  private static ValueReader array(TypeInformation<?> component, ValueReader element) {
    Class<?> componentClass = component.getTypeClass();
    return parser -> {
      List<Object> values = elements(parser, element);
      return values.toArray((Object[]) Array.newInstance(componentClass, values.size()));
    };
  }

  private static List<Object> elements(JsonParser parser, ValueReader element) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw ValueReader.mismatch(parser, "an array");
    }
    List<Object> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      values.add(element.read(parser));
    }
    return values;
  }

  private static ValueReader map(ValueReader value, boolean notNull) {
    return parser -> {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        throw ValueReader.mismatch(parser, "an object");
      }
      Map<String, Object> values = new LinkedHashMap<>();
      for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
        parser.overrideCurrentName(ANY_KEY); // a key is data, which no message may show
        parser.nextToken();
        values.put(key, orNull(parser, value, notNull));
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
