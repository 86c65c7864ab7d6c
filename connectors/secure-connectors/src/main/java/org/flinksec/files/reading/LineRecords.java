// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Set;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.rows.Shape;

/** Files of lines, each of which a format of text decodes. */
public final class LineRecords implements RecordFiles {
  private static final long serialVersionUID = 1L;
  private static final byte[] MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final RowDecoder.Factory format;
  private final LineCut cut;
  private final Fields fields;
  private final boolean skipsBlank;
  private transient Known known;

  /** How the fields that directories name come into rows. */
  private enum Fields {
    /** A line may hold them, and then says what they are. */
    BY_NAME,
    /** A line has one field, which is none of them. */
    ONE
  }

  /** The decoder of the last file, which the next one mostly has, too. */
  private record Known(Shape shape, Set<String> directories, RowDecoder decoder) {}

  private LineRecords(RowDecoder.Factory format, LineCut cut, Fields fields, boolean skipsBlank) {
    this.format = format;
    this.cut = cut;
    this.fields = fields;
    this.skipsBlank = skipsBlank;
  }

  /**
   * @param format of one line
   * @param skipsBlank whether lines of nothing but blanks are no records
   */
  public static LineRecords of(RowDecoder.Factory format, boolean skipsBlank) {
    return new LineRecords(format, LineCut.plain(), Fields.BY_NAME, skipsBlank);
  }

  /**
   * Lines with columns.
   *
   * @param cut where one ends
   */
  public static LineRecords ofColumns(RowDecoder.Factory format, LineCut cut) {
    return new LineRecords(format, cut, Fields.BY_NAME, false);
  }

  /** Lines that are the one field that no directory names. */
  public static LineRecords ofOneField(RowDecoder.Factory format) {
    return new LineRecords(format, LineCut.plain(), Fields.ONE, false);
  }

  @Override
  public void check(Shape shape) {
    if (fields == Fields.BY_NAME) {
      format.of(Directories.allKnown(shape), Set.of());
    } else if (shape.fields().size() == 1) {
      format.of(shape, Set.of());
    }
  }

  @Override
  public boolean isSplittable(String name) {
    return cut.isPlain() && !Decompression.isCompressed(name);
  }

  @Override
  public RecordFile open(FilePart part, Shape shape, Set<String> directories) throws IOException {
    if (known == null || !known.shape().equals(shape) || !known.directories().equals(directories)) {
      known = new Known(shape, directories, decoder(shape, directories));
    }
    return new Lines(part, known.decoder(), directories, shape);
  }

  private RowDecoder decoder(Shape shape, Set<String> directories) throws IOException {
    try {
      return format.of(shape, fields == Fields.ONE ? directories : Set.of());
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private final class Lines implements RecordFile {
    private final LineBytes lines;
    private final RowDecoder decoder;
    private final Row preset;
    private final long end;
    private final boolean hasOffsets;
    private long number;

    Lines(FilePart part, RowDecoder decoder, Set<String> directories, Shape shape)
        throws IOException {
      this.decoder = decoder;
      this.preset = fields == Fields.ONE ? Directories.preset(shape, directories) : null;
      this.hasOffsets = !Decompression.isCompressed(part.name());
      this.end = hasOffsets ? part.end() : Long.MAX_VALUE;
      this.lines = opened(part);
    }

    private LineBytes opened(FilePart part) throws IOException {
      InputStream in = Decompression.open(part.stream(), part.name());
      if (hasOffsets && part.offset() > 0) {
        part.stream().seek(part.offset());
        return new LineBytes(in, cut, part.offset());
      }
      if (hasOffsets && part.start() > 0) {
        part.stream().seek(part.start() - 1);
        LineBytes found = new LineBytes(in, cut, part.start() - 1);
        found.next(); // that of the part before, whose end may be the byte before this part
        return found;
      }
      return new LineBytes(in, cut, 0);
    }

    @Override
    public boolean next() throws IOException {
      while (lines.position() < end && lines.next()) {
        if (!skipsBlank || !isBlank(lines.line())) {
          number++;
          return true;
        }
      }
      return false;
    }

    private boolean isBlank(byte[] line) {
      if (line == null) {
        return false;
      }
      for (byte b : line) {
        if (b != ' ' && b != '\t') {
          return false;
        }
      }
      return true;
    }

    @Override
    public Row row() throws IOException {
      byte[] line = bytes();
      if (line == null) {
        throw new UndecodableException(
            "the line has more than %d bytes".formatted(LineBytes.LONGEST));
      }
      Row row = decoder.read(line);
      for (int i = 0; preset != null && i < preset.getArity(); i++) {
        if (preset.getField(i) != null) {
          row.setField(i, preset.getField(i));
        }
      }
      return row;
    }

    @Override
    public byte[] bytes() {
      byte[] line = lines.line();
      boolean isMarked =
          lines.lineStart() == 0
              && line != null
              && line.length >= MARK.length
              && Arrays.equals(line, 0, MARK.length, MARK, 0, MARK.length);
      return isMarked ? Arrays.copyOfRange(line, MARK.length, line.length) : line;
    }

    @Override
    public String position() {
      return hasOffsets ? "byte " + lines.lineStart() : "line " + number;
    }

    @Override
    public long size() {
      return lines.line() == null ? 0 : lines.line().length;
    }

    @Override
    public long offset() {
      return hasOffsets ? lines.position() : NO_OFFSET;
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }
}
