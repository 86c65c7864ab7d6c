// SPDX-License-Identifier: Apache-2.0
package org.flinksec.bench;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.types.Row;

/**
 * Puts a field of JSON, a string without escapes, before the JSON, as PyFlink's keyed operators
 * want it: what somebody writes who wants PyFlink quicker, and knows the data.
 */
public final class JsonKey implements MapFunction<byte[], Row>, ResultTypeQueryable<Row> {
  private static final long serialVersionUID = 1L;
  private final byte[] before;

  public JsonKey(String field) {
    this.before = ("\"" + field + "\":\"").getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public Row map(byte[] json) {
    int start = start(json);
    int end = start;
    while (json[end] != '"') {
      end++;
    }
    return Row.of(new String(json, start, end - start, StandardCharsets.UTF_8), json);
  }

  private int start(byte[] json) {
    for (int at = 0; at + before.length < json.length; at++) {
      int same = 0;
      while (same < before.length && json[at + same] == before[same]) {
        same++;
      }
      if (same == before.length) {
        return at + same;
      }
    }
    throw new IllegalArgumentException("a record has no key");
  }

  @Override
  public TypeInformation<Row> getProducedType() {
    return Types.ROW(Types.STRING, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
  }
}
