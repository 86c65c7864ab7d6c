// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/** Turns rows into JSON lines inside the JVM, so that a sink of text needs no Python. */
public final class RowJsonMapper implements MapFunction<Row, String>, ResultTypeQueryable<String> {
  private static final long serialVersionUID = 1L;

  private final RowToJson json;

  private final String target;

  private RowJsonMapper(RowToJson json, String target) {
    this.json = json;
    this.target = target;
  }

  /**
   * @param rowType a row type with names
   * @param target what the rows go to, for messages
   * @throws IllegalArgumentException if it is no row type, or a field's type has no JSON form
   */
  public static RowJsonMapper of(TypeInformation<?> rowType, String target) {
    return new RowJsonMapper(new RowToJson(Shape.of(rowType)), target);
  }

  @Override
  public String map(Row row) {
    try {
      return json.toText(row);
    } catch (JsonEncodingException e) {
      throw new JsonEncodingException(
          "a row for %s cannot be written: %s".formatted(target, e.getMessage()));
    }
  }

  @Override
  public TypeInformation<String> getProducedType() {
    return Types.STRING;
  }
}
