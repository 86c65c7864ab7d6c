// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.orc;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.UUID;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.types.Row;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.orc.CompressionKind;
import org.apache.orc.OrcFile;
import org.apache.orc.TypeDescription;
import org.apache.orc.Writer;
import org.apache.orc.impl.PhysicalFsWriter;
import org.apache.orc.impl.WriterImpl;
import org.apache.orc.impl.writer.WriterEncryptionVariant;
import org.apache.orc.storage.ql.exec.vector.ColumnVector;
import org.apache.orc.storage.ql.exec.vector.DateColumnVector;
import org.apache.orc.storage.ql.exec.vector.ListColumnVector;
import org.apache.orc.storage.ql.exec.vector.MapColumnVector;
import org.apache.orc.storage.ql.exec.vector.StructColumnVector;
import org.apache.orc.storage.ql.exec.vector.TimestampColumnVector;
import org.apache.orc.storage.ql.exec.vector.VectorizedRowBatch;
import org.flinksec.formats.UnwritableRowException;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Shape;

/** ORC files of rows, by the schema that follows from the record class. */
public final class OrcFiles implements BulkWriter.Factory<Object> {
  private static final long serialVersionUID = 1L;

  private final Shape shape;
  private final String compression;
  private final long stripe;
  private final String target;

  private OrcFiles(Shape shape, String compression, long stripe, String target) {
    this.shape = shape;
    this.compression = compression;
    this.stripe = stripe;
    this.target = target;
  }

  /**
   * @param rowType a row type with names
   * @param compression {@code none}, {@code snappy}, {@code zlib}, {@code zstd} or {@code lz4}
   * @param stripe bytes of rows that are held in memory for a file before they are written out
   * @param target what the rows go to, for messages
   * @throws IllegalArgumentException if a field has no type in ORC
   */
  public static OrcFiles of(
      TypeInformation<?> rowType, String compression, long stripe, String target) {
    Shape shape = Shape.of(rowType);
    OrcSchema.of(shape);
    kind(compression);
    return new OrcFiles(shape, compression, stripe, target);
  }

  private static CompressionKind kind(String name) {
    return switch (name) {
      case "none" -> CompressionKind.NONE;
      case "snappy" -> CompressionKind.SNAPPY;
      case "zlib" -> CompressionKind.ZLIB;
      case "zstd" -> CompressionKind.ZSTD;
      case "lz4" -> CompressionKind.LZ4;
      default -> throw new IllegalArgumentException("no compression " + name);
    };
  }

  @Override
  public BulkWriter<Object> create(FSDataOutputStream file) throws IOException {
    TypeDescription schema = OrcSchema.of(shape);
    return new Rows(
        opened(file, schema, compression, stripe),
        gregorian(schema.createRowBatch()),
        VectorWriters.fields(shape));
  }

  /** Says of a new batch what its days and times are, or the writer would take them for Julian. */
  private static VectorizedRowBatch gregorian(VectorizedRowBatch batch) {
    for (ColumnVector column : batch.cols) {
      gregorian(column);
    }
    return batch;
  }

  private static void gregorian(ColumnVector column) {
    if (column instanceof DateColumnVector days) {
      days.changeCalendar(true, false);
    } else if (column instanceof TimestampColumnVector times) {
      times.changeCalendar(true, false);
    } else if (column instanceof StructColumnVector row) {
      for (ColumnVector field : row.fields) {
        gregorian(field);
      }
    } else if (column instanceof ListColumnVector list) {
      gregorian(list.child);
    } else if (column instanceof MapColumnVector map) {
      gregorian(map.values);
    }
  }

  /** A writer of a file that Flink opened, and closes. */
  static Writer opened(
      FSDataOutputStream file, TypeDescription schema, String compression, long stripe)
      throws IOException {
    OrcFile.WriterOptions options =
        OrcFile.writerOptions(new Configuration(false))
            .setSchema(schema)
            .compress(kind(compression))
            .stripeSize(stripe)
            .blockPadding(false)
            .useUTCTimestamp(true)
            .setProlepticGregorian(true);
    options.physicalWriter(
        new PhysicalFsWriter(
            new org.apache.hadoop.fs.FSDataOutputStream(new Unclosed(file), null),
            options,
            new WriterEncryptionVariant[0]));
    // By its path a writer is known to what shares out memory between those of a thread.
    return new WriterImpl(null, new Path("/" + UUID.randomUUID()), options);
  }

  private static final class Unclosed extends FilterOutputStream {
    Unclosed(OutputStream file) {
      super(file);
    }

    @Override
    public void write(byte[] bytes, int start, int length) throws IOException {
      out.write(bytes, start, length);
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }

  private final class Rows implements BulkWriter<Object> {
    private final Writer writer;
    private final VectorizedRowBatch batch;
    private final VectorWriters.Fields fields;

    Rows(Writer writer, VectorizedRowBatch batch, VectorWriters.Fields fields) {
      this.writer = writer;
      this.batch = batch;
      this.fields = fields;
    }

    @Override
    public void addElement(Object row) throws IOException {
      try {
        fields.write(batch.cols, batch.size, (Row) row);
      } catch (BadValueException e) {
        throw new UnwritableRowException(target, e.unencodable().getMessage());
      }
      batch.size++;
      if (batch.size == batch.getMaxSize()) {
        passOn();
      }
    }

    private void passOn() throws IOException {
      writer.addRowBatch(batch);
      batch.reset();
    }

    @Override
    public void flush() {
      // Rows are written out by whole stripes only.
    }

    @Override
    public void finish() throws IOException {
      if (batch.size > 0) {
        passOn();
      }
      writer.close();
    }
  }
}
