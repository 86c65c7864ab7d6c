// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.io.IOException;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.types.Row;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.flinksec.formats.UnwritableRowException;
import org.flinksec.rows.Shape;

/** Parquet files of rows, by the schema that follows from the record class. */
public final class ParquetFiles implements BulkWriter.Factory<Object> {
  private static final long serialVersionUID = 1L;

  private final Shape shape;
  private final String compression;
  private final long rowGroup;
  private final String target;

  private ParquetFiles(Shape shape, String compression, long rowGroup, String target) {
    this.shape = shape;
    this.compression = compression;
    this.rowGroup = rowGroup;
    this.target = target;
  }

  /**
   * @param rowType a row type with names
   * @param compression {@code none}, {@code snappy}, {@code gzip}, {@code zstd} or {@code lz4}
   * @param rowGroup bytes of rows that are held in memory for a file before they are written out
   * @param target what the rows go to, for messages
   * @throws IllegalArgumentException if a field has no type in Parquet
   */
  public static ParquetFiles of(
      TypeInformation<?> rowType, String compression, long rowGroup, String target) {
    Shape shape = Shape.of(rowType);
    ParquetSchema.of(shape);
    codec(compression);
    return new ParquetFiles(shape, compression, rowGroup, target);
  }

  static CompressionCodecName codec(String name) {
    return switch (name) {
      case "none" -> CompressionCodecName.UNCOMPRESSED;
      case "snappy" -> CompressionCodecName.SNAPPY;
      case "gzip" -> CompressionCodecName.GZIP;
      case "zstd" -> CompressionCodecName.ZSTD;
      case "lz4" -> CompressionCodecName.LZ4_RAW; // LZ4 alone is Hadoop's own framing, deprecated
      default -> throw new IllegalArgumentException("no compression " + name);
    };
  }

  @Override
  public BulkWriter<Object> create(FSDataOutputStream file) throws IOException {
    ParquetWriter<Row> writer =
        new Builder(new Opened(file), shape)
            .withCompressionCodec(codec(compression))
            .withRowGroupSize(rowGroup)
            .build();
    return new Rows(writer);
  }

  private final class Rows implements BulkWriter<Object> {
    private final ParquetWriter<Row> writer;

    Rows(ParquetWriter<Row> writer) {
      this.writer = writer;
    }

    @Override
    public void addElement(Object row) throws IOException {
      try {
        writer.write((Row) row);
      } catch (RowWriteSupport.UnwritableException e) {
        throw new UnwritableRowException(target, e.getMessage());
      }
    }

    @Override
    public void flush() {
      // Rows are written out by whole row groups only.
    }

    @Override
    public void finish() throws IOException {
      writer.close();
    }
  }

  private static final class Builder extends ParquetWriter.Builder<Row, Builder> {
    private final Shape shape;

    Builder(OutputFile file, Shape shape) {
      super(file);
      this.shape = shape;
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected RowWriteSupport getWriteSupport(org.apache.hadoop.conf.Configuration conf) {
      return new RowWriteSupport(shape);
    }
  }

  /** A file that Flink opened, and closes. */
  record Opened(FSDataOutputStream file) implements OutputFile {
    @Override
    public PositionOutputStream create(long blockSizeHint) {
      return new Positioned(file);
    }

    @Override
    public PositionOutputStream createOrOverwrite(long blockSizeHint) {
      return new Positioned(file);
    }

    @Override
    public boolean supportsBlockSize() {
      return false;
    }

    @Override
    public long defaultBlockSize() {
      return 0;
    }
  }

  private static final class Positioned extends PositionOutputStream {
    private final FSDataOutputStream file;

    Positioned(FSDataOutputStream file) {
      this.file = file;
    }

    @Override
    public long getPos() throws IOException {
      return file.getPos();
    }

    @Override
    public void write(int b) throws IOException {
      file.write(b);
    }

    @Override
    public void write(byte[] bytes, int start, int length) throws IOException {
      file.write(bytes, start, length);
    }

    @Override
    public void flush() throws IOException {
      file.flush();
    }

    @Override
    public void close() throws IOException {
      file.flush();
    }
  }
}
