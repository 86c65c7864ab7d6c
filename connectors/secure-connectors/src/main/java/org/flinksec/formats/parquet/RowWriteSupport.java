// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.util.Map;
import org.apache.flink.types.Row;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.RecordConsumer;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Shape;

/** Writes rows of a shape into the columns of a file. */
final class RowWriteSupport extends WriteSupport<Row> {
  private final Shape shape;
  private final ColumnWriter writer;
  private RecordConsumer out;

  /** A value of a row has no place in the file; the message never holds it. */
  static final class UnwritableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnwritableException(String sentence) {
      super(sentence);
    }
  }

  RowWriteSupport(Shape shape) {
    this.shape = shape;
    this.writer = ColumnWriters.fields(shape);
  }

  @Override
  public WriteContext init(Configuration configuration) {
    return new WriteContext(ParquetSchema.of(shape), Map.of());
  }

  @Override
  public WriteContext init(org.apache.parquet.conf.ParquetConfiguration configuration) {
    return new WriteContext(ParquetSchema.of(shape), Map.of());
  }

  @Override
  public void prepareForWrite(RecordConsumer consumer) {
    out = consumer;
  }

  @Override
  public void write(Row row) {
    try {
      out.startMessage();
      writer.write(out, row);
      out.endMessage();
    } catch (BadValueException e) {
      throw new UnwritableException(e.unencodable().getMessage());
    }
  }
}
