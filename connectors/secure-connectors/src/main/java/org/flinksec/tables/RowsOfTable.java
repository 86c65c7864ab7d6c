// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import org.apache.flink.table.connector.RuntimeConverter;
import org.apache.flink.table.connector.sink.DynamicTableSink.DataStructureConverter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Row;
import org.apache.flink.util.function.SerializableFunction;

/** Makes rows of streams of those of a table; the kind of a row stays. */
final class RowsOfTable implements SerializableFunction<RowData, Row> {
  private static final long serialVersionUID = 1L;

  private final DataStructureConverter converter;
  private transient boolean opened;

  RowsOfTable(DataStructureConverter converter) {
    this.converter = converter;
  }

  @Override
  public Row apply(RowData row) {
    if (!opened) {
      converter.open(RuntimeConverter.Context.create(RowsOfTable.class.getClassLoader()));
      opened = true;
    }
    return (Row) converter.toExternal(row);
  }
}
