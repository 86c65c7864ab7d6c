// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import org.apache.flink.table.connector.RuntimeConverter;
import org.apache.flink.table.connector.sink.DynamicTableSink.DataStructureConverter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.function.SerializableFunction;

/**
 * Makes rows of streams of those of a table.
 *
 * <p>What a row was before a change comes here where no row after it may follow: of a query with a
 * condition on what changes, such as a count, Flink says so that a row is no longer there. It
 * deletes, as in Flink's own connectors; where a row after it follows, that comes next.
 */
final class RowsOfTable implements SerializableFunction<RowData, Row> {
  private static final long serialVersionUID = 1L;

  private final DataStructureConverter converter;
  private final String noDeletes;
  private transient boolean opened;

  /**
   * @param noDeletes why a row that was there before must not delete; null if it may
   */
  RowsOfTable(DataStructureConverter converter, String noDeletes) {
    this.converter = converter;
    this.noDeletes = noDeletes;
  }

  @Override
  public Row apply(RowData row) {
    if (!opened) {
      converter.open(RuntimeConverter.Context.create(RowsOfTable.class.getClassLoader()));
      opened = true;
    }
    Row made = (Row) converter.toExternal(row);
    if (made.getKind() == RowKind.UPDATE_BEFORE) {
      if (noDeletes != null) {
        throw new StatementFailedException(noDeletes, new StackTraceElement[0]);
      }
      made.setKind(RowKind.DELETE);
    }
    return made;
  }
}
