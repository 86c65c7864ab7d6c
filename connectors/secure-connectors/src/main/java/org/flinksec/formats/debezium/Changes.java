// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.debezium;

import java.io.Serializable;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.flinksec.formats.values.BadValueException;

/**
 * Which {@code op} a row is written as.
 *
 * @param field position of the field that says it; -1 if the kind of the row does
 * @param before whether updates come in two rows, what was and what is: they are written as a
 *     delete and an insert, since no message knows both
 */
record Changes(int field, boolean before) implements Serializable {
  private static final long serialVersionUID = 1L;
  static final int BY_KIND = -1;

  /** Whether a row is written at all. */
  boolean writes(Row row) {
    return field != BY_KIND || before || row.getKind() != RowKind.UPDATE_BEFORE;
  }

  /** The op of a row that is written. */
  String op(Row row) throws BadValueException {
    if (field != BY_KIND) {
      Object op = row.getField(field);
      if ("c".equals(op) || "r".equals(op) || "u".equals(op) || "d".equals(op)) {
        return (String) op;
      }
      throw new BadValueException("is none of c, r, u, d");
    }
    return switch (row.getKind()) {
      case INSERT -> "c";
      case DELETE -> "d";
      case UPDATE_BEFORE -> "d";
      case UPDATE_AFTER -> before ? "c" : "u";
    };
  }
}
