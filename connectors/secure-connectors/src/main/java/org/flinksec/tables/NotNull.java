// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * The columns of a table that are declared NOT NULL.
 *
 * <p>Flink's formats do not look: the planner then takes for granted what is not so, and a null
 * becomes a zero, or an exception somewhere else.
 */
record NotNull(int[] positions, List<String> names) implements Serializable {
  static NotNull of(LogicalType physical) {
    RowType row = (RowType) physical;
    int[] positions =
        IntStream.range(0, row.getFieldCount())
            .filter(position -> !row.getTypeAt(position).isNullable())
            .toArray();
    List<String> names =
        List.copyOf(IntStream.of(positions).mapToObj(row.getFieldNames()::get).toList());
    return new NotNull(positions, names);
  }

  /** The first such column that is null all the same; null if there is none. */
  String firstNull(RowData row) {
    for (int at = 0; at < positions.length; at++) {
      if (row.isNullAt(positions[at])) {
        return names.get(at);
      }
    }
    return null;
  }
}
