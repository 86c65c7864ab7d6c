// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import org.apache.flink.types.Row;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;
import org.flinksec.formats.FormatException;
import org.flinksec.rows.Shape;

/** Makes rows of what Parquet's reader finds in the columns, and notes what cannot be a row. */
final class RowMaterializer extends RecordMaterializer<Row> {
  private final GroupConverters.Problem problem = new GroupConverters.Problem();
  private final GroupConverter root;
  private Row row;

  /**
   * @throws FormatException if no row of such a file can be one of the shape
   */
  RowMaterializer(Shape shape, MessageType columns) {
    this.root = GroupConverters.row(shape, columns, "", problem, value -> row = (Row) value);
  }

  @Override
  public Row getCurrentRecord() {
    return row;
  }

  /** Why what was read last is no row of the shape, as a sentence; null if it is one. */
  String problem() {
    return problem.sentence();
  }

  /** Begins with the next one. */
  void begin() {
    problem.forget();
  }

  @Override
  public GroupConverter getRootConverter() {
    return root;
  }
}
