// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.types.Row;

/** Turns rows into JSON lines inside the JVM, so that a sink of text needs no Python. */
public final class RowJsonMapper implements MapFunction<Row, String>, ResultTypeQueryable<String> {
  private static final long serialVersionUID = 1L;

  private final RowToJson json;

  private RowJsonMapper(RowToJson json) {
    this.json = json;
  }

  /**
   * @param rowType a row type with names
   * @throws IllegalArgumentException if it is no row type, or a field's type has no JSON form
   */
  public static RowJsonMapper of(TypeInformation<?> rowType) {
    return new RowJsonMapper(new RowToJson(RowTypes.require(rowType)));
  }

  @Override
  public String map(Row row) {
    return json.toText(row);
  }

  @Override
  public TypeInformation<String> getProducedType() {
    return Types.STRING;
  }
}
