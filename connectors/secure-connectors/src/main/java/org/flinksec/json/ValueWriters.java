// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.api.java.typeutils.MapTypeInfo;
import org.apache.flink.api.java.typeutils.ObjectArrayTypeInfo;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;

/** Chooses the writer of a type. */
final class ValueWriters {
  private static final Map<TypeInformation<?>, ValueWriter> SCALARS =
      Map.of(
          Types.STRING, (json, value) -> json.writeString(text(json, value)),
          Types.LONG, (json, value) -> json.writeNumber(cast(json, Long.class, value)),
          Types.INT, (json, value) -> json.writeNumber(cast(json, Integer.class, value)),
          Types.DOUBLE, ValueWriters::floating,
          Types.BOOLEAN, (json, value) -> json.writeBoolean(cast(json, Boolean.class, value)),
          Types.INSTANT,
              (json, value) -> json.writeString(cast(json, Instant.class, value).toString()),
          PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO,
              (json, value) -> json.writeBinary(cast(json, byte[].class, value)));

  private ValueWriters() {}

  static ValueWriter of(String field, TypeInformation<?> type) {
    ValueWriter scalar = SCALARS.get(type);
    if (scalar != null) {
      return scalar;
    }
    if (type instanceof RowTypeInfo row) {
      return new RowWriter(row);
    }
    if (type instanceof ListTypeInfo<?> list) {
      return list(of(field, list.getElementTypeInfo()));
    }
    if (type instanceof MapTypeInfo<?, ?> map && map.getKeyTypeInfo().equals(Types.STRING)) {
      return map(of(field, map.getValueTypeInfo()));
    }
    if (type instanceof ObjectArrayTypeInfo<?, ?> array) {
      return array(of(field, array.getComponentInfo()));
    }
    if (type instanceof BasicArrayTypeInfo<?, ?> array) {
      return array(of(field, array.getComponentInfo()));
    }
    throw new IllegalArgumentException(
        "field '%s' has the type %s, which cannot be written as JSON".formatted(field, type));
  }

  private static String text(JsonGenerator json, Object value) {
    String text = cast(json, String.class, value);
    if (HalfSurrogates.in(text)) {
      throw new UnwritableValueException(
          ValueWriter.place(json) + " holds half of a surrogate pair, which is not text");
    }
    return text;
  }

  private static void floating(JsonGenerator json, Object value) throws IOException {
    double number = cast(json, Double.class, value);
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      throw new UnwritableValueException(
          "%s is %s, which JSON cannot express".formatted(ValueWriter.place(json), number));
    }
    json.writeNumber(number);
  }

  private static ValueWriter list(ValueWriter element) {
    return (json, value) -> elements(json, element, cast(json, List.class, value));
  }

  private static ValueWriter array(ValueWriter element) {
    return (json, value) ->
        elements(json, element, Arrays.asList(cast(json, Object[].class, value)));
  }

  private static void elements(JsonGenerator json, ValueWriter element, List<?> values)
      throws IOException {
    json.writeStartArray();
    for (Object value : values) {
      ValueWriter.writeOrNull(element, json, value);
    }
    json.writeEndArray();
  }

  private static ValueWriter map(ValueWriter writer) {
    return (json, value) -> {
      Map<?, ?> values = cast(json, Map.class, value);
      json.writeStartObject();
      json.setCurrentValue(ValueWriter.KEYS_ARE_DATA);
      for (Map.Entry<?, ?> entry : values.entrySet()) {
        json.writeFieldName(text(json, entry.getKey()));
        ValueWriter.writeOrNull(writer, json, entry.getValue());
      }
      json.writeEndObject();
    };
  }

  private static <T> T cast(JsonGenerator json, Class<T> declared, Object value) {
    return ValueWriter.cast(json, declared, value);
  }
}
