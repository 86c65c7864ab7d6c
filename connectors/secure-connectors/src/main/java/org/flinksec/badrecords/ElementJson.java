// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.MapTypeInfo;
import org.apache.flink.api.java.typeutils.ObjectArrayTypeInfo;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.types.Row;

/**
 * Any element as one JSON object in ASCII, for a dead letter. It cannot fail: what JSON has no form
 * for is written as text, and half of a surrogate pair as its escape.
 */
public final class ElementJson {
  private static final int LAST_ASCII = 0x7e;

  private ElementJson() {}

  /**
   * @param element a row, or anything else, which is the field {@code value} of the object
   * @param type of a row; its names are the fields'. Null where it is not known.
   */
  public static byte[] of(Object element, TypeInformation<?> type) {
    StringBuilder json = new StringBuilder();
    if (element instanceof Row row) {
      write(row, type, json);
    } else {
      json.append("{\"value\":");
      value(element, type, json);
      json.append('}');
    }
    return json.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static void write(Row row, TypeInformation<?> type, StringBuilder json) {
    RowTypeInfo known = type instanceof RowTypeInfo found ? found : null;
    Object[] own = row.getFieldNames(true) == null ? null : row.getFieldNames(true).toArray();
    json.append('{');
    for (int i = 0; i < row.getArity(); i++) {
      String name =
          own != null
              ? (String) own[i]
              : known != null && i < known.getArity() ? known.getFieldNames()[i] : "f" + i;
      text(name, json.append(i == 0 ? "" : ","));
      Object found = own != null ? row.getField(name) : row.getField(i);
      int at = known == null ? -1 : known.getFieldIndex(name);
      value(found, at < 0 ? null : known.getTypeAt(at), json.append(':'));
    }
    json.append('}');
  }

  private static void value(Object value, TypeInformation<?> type, StringBuilder json) {
    if (value == null || value instanceof Boolean || value instanceof Long) {
      json.append(value);
    } else if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
      json.append(value);
    } else if (value instanceof Double number && Double.isFinite(number)) {
      json.append(value);
    } else if (value instanceof byte[] bytes) {
      text(Base64.getEncoder().encodeToString(bytes), json);
    } else if (value instanceof Row row) {
      write(row, type, json);
    } else if (value instanceof Object[] list) {
      list(list, type instanceof ObjectArrayTypeInfo<?, ?> of ? of.getComponentInfo() : null, json);
    } else if (value instanceof Map<?, ?> map) {
      map(map, type instanceof MapTypeInfo<?, ?> of ? of.getValueTypeInfo() : null, json);
    } else {
      text(value.toString(), json);
    }
  }

  private static void list(Object[] list, TypeInformation<?> inner, StringBuilder json) {
    json.append('[');
    for (int i = 0; i < list.length; i++) {
      value(list[i], inner, json.append(i == 0 ? "" : ","));
    }
    json.append(']');
  }

  private static void map(Map<?, ?> map, TypeInformation<?> inner, StringBuilder json) {
    json.append('{');
    boolean first = true;
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      text(String.valueOf(entry.getKey()), json.append(first ? "" : ","));
      value(entry.getValue(), inner, json.append(':'));
      first = false;
    }
    json.append('}');
  }

  private static void text(String text, StringBuilder json) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ' || c > LAST_ASCII) {
        json.append("\\u%04x".formatted((int) c));
      } else {
        json.append(c);
      }
    }
    json.append('"');
  }
}
