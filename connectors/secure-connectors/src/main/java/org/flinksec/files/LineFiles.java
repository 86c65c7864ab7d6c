// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.Path;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.RowEncoder;
import org.flinksec.formats.UnwritableRowException;
import org.flinksec.rows.Shape;

/** Files of lines: rows that a format of text encodes, or strings as they are. */
public final class LineFiles implements BulkWriter.Factory<Object> {
  private static final long serialVersionUID = 1L;
  private static final int BUFFER = 1 << 16;

  private final RowEncoder encoder;
  private final boolean severalLines;
  private final String compression;
  private final String target;

  private LineFiles(RowEncoder encoder, boolean severalLines, String compression, String target) {
    this.encoder = encoder;
    this.severalLines = severalLines;
    this.compression = compression;
    this.target = target;
  }

  /**
   * @param rowType a row type with names
   * @param format whose records are text in UTF-8
   * @param severalLines whether a record may hold line ends, since the format tells them from its
   *     own
   * @param compression {@code none}, {@code gzip} or {@code zstd}
   * @param target what the rows go to, for messages
   * @throws IllegalArgumentException if the format has no form for the rows
   */
  public static LineFiles of(
      TypeInformation<?> rowType,
      RowEncoder.Factory format,
      boolean severalLines,
      String compression,
      String target) {
    return new LineFiles(format.of(Shape.of(rowType)), severalLines, compression, target);
  }

  /** Files of strings, each of which is one line. */
  public static LineFiles ofStrings(String compression, String target) {
    return new LineFiles(null, true, compression, target);
  }

  @Override
  public BulkWriter<Object> create(FSDataOutputStream file) throws IOException {
    return new Lines(compressed(new Unclosed(file)));
  }

  /** Makes one file of lines of several that are compressed alike. */
  public static BulkWriter.Factory<Path> merged(String compression) {
    return file -> new Merged(compressed(new Unclosed(file), compression), compression);
  }

  private OutputStream compressed(OutputStream file) throws IOException {
    return compressed(file, compression);
  }

  private static InputStream uncompressed(InputStream file, String compression) throws IOException {
    return switch (compression) {
      case "gzip" -> new GZIPInputStream(file, BUFFER);
      case "zstd" -> Zstd.open(file);
      default -> file;
    };
  }

  private static OutputStream compressed(OutputStream file, String compression) throws IOException {
    return switch (compression) {
      case "none" -> file;
      case "gzip" -> new GZIPOutputStream(file, BUFFER);
      case "zstd" -> Zstd.open(file);
      default -> throw new IllegalArgumentException("no compression " + compression);
    };
  }

  /**
   * @throws UnwritableRowException if a row cannot be a line
   */
  byte[] line(Object element) {
    if (encoder == null) {
      return ((String) element).getBytes(StandardCharsets.UTF_8);
    }
    byte[] record;
    try {
      record = encoder.write((Row) element);
    } catch (UnencodableException e) {
      throw new UnwritableRowException(target, e.getMessage());
    }
    if (record == null) {
      throw new UnwritableRowException(target, "it has no value");
    }
    if (!severalLines) {
      for (byte b : record) {
        if (b == '\n' || b == '\r') {
          throw new UnwritableRowException(
              target, "it holds a line end, and each line is a record");
        }
      }
    }
    return record;
  }

  private final class Lines implements BulkWriter<Object> {
    private final OutputStream out;

    Lines(OutputStream out) {
      this.out = out;
    }

    @Override
    public void addElement(Object element) throws IOException {
      out.write(line(element));
      out.write('\n');
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void finish() throws IOException {
      out.close(); // the end of what is compressed; the file stays open
    }
  }

  private record Merged(OutputStream out, String compression) implements BulkWriter<Path> {
    @Override
    public void addElement(Path path) throws IOException {
      try (InputStream file = path.getFileSystem().open(path);
          InputStream lines = uncompressed(file, compression)) {
        lines.transferTo(out);
      }
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void finish() throws IOException {
      out.close();
    }
  }

  /** Apart, since only jobs with such files have the library. */
  private static final class Zstd {
    static OutputStream open(OutputStream file) throws IOException {
      return new ZstdOutputStream(file);
    }

    static InputStream open(InputStream file) throws IOException {
      return new ZstdInputStream(file);
    }
  }

  /** The file, which whoever opened it closes. */
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
}
