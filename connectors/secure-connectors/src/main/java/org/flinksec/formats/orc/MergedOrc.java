// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.orc;

import java.io.IOException;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.Path;
import org.apache.orc.Reader;
import org.apache.orc.RecordReader;
import org.apache.orc.TypeDescription;
import org.apache.orc.Writer;
import org.apache.orc.storage.ql.exec.vector.VectorizedRowBatch;
import org.flinksec.rows.Shape;

/**
 * Makes one file of ORC of several: rows are read and written again, so that stripes are as large
 * as those of a file that was never small. Files of before a change of the record class are read by
 * its new schema, as ORC does: by the names of columns.
 */
public final class MergedOrc implements BulkWriter.Factory<Path> {
  private static final long serialVersionUID = 1L;

  private final Shape shape;
  private final String compression;
  private final long stripe;

  private MergedOrc(Shape shape, String compression, long stripe) {
    this.shape = shape;
    this.compression = compression;
    this.stripe = stripe;
  }

  /**
   * @param rowType a row type with names
   * @param compression as of {@link OrcFiles}
   * @param stripe bytes of rows that are held in memory before they are written out
   */
  public static MergedOrc of(TypeInformation<?> rowType, String compression, long stripe) {
    return new MergedOrc(Shape.of(rowType), compression, stripe);
  }

  @Override
  public BulkWriter<Path> create(FSDataOutputStream file) throws IOException {
    TypeDescription schema = OrcSchema.of(shape);
    return new Merging(OrcFiles.opened(file, schema, compression, stripe), schema);
  }

  private record Merging(Writer writer, TypeDescription schema) implements BulkWriter<Path> {
    @Override
    public void addElement(Path path) throws IOException {
      try (Reader reader = OrcInput.opened(path);
          RecordReader rows = reader.rows(reader.options().schema(schema))) {
        VectorizedRowBatch batch = schema.createRowBatch();
        while (rows.nextBatch(batch)) {
          writer.addRowBatch(batch);
        }
      }
    }

    @Override
    public void flush() {
      // Rows are written out by whole stripes only.
    }

    @Override
    public void finish() throws IOException {
      writer.close();
    }
  }
}
