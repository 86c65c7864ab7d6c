// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.file.DataFileConstants;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.SeekableInput;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.files.reading.FilePart;
import org.flinksec.files.reading.RecordFile;
import org.flinksec.files.reading.RecordFiles;
import org.flinksec.rows.Shape;

/** Avro's own files, read by the schema that is in each of them. */
public final class AvroRecords implements RecordFiles {
  private static final long serialVersionUID = 1L;

  /** Those whose libraries are there; Avro has more. */
  private static final Set<String> CODECS =
      Set.of(
          DataFileConstants.NULL_CODEC,
          DataFileConstants.DEFLATE_CODEC,
          DataFileConstants.SNAPPY_CODEC,
          DataFileConstants.ZSTANDARD_CODEC,
          DataFileConstants.BZIP2_CODEC);

  @Override
  public void check(Shape shape) {
    RecordSchema.of(shape, "", Set.of());
  }

  @Override
  public boolean isSplittable(String name) {
    return true;
  }

  @Override
  public RecordFile open(FilePart part, Shape shape, Set<String> directories) throws IOException {
    DataFileReader<Object> file;
    try {
      file = new DataFileReader<>(new Opened(part), new GenericDatumReader<>());
    } catch (RuntimeException e) { // of a schema that is none, or a codec that nobody knows
      throw new IOException("it is no file of Avro (%s)".formatted(e.getClass().getSimpleName()));
    }
    String codec = file.getMetaString(DataFileConstants.CODEC);
    if (codec != null && !CODECS.contains(codec)) {
      throw new IOException("it is compressed by a codec of Avro that is not read");
    }
    ValueReader reader;
    try {
      reader = AvroToRow.reader(file.getSchema(), shape, Set.of());
    } catch (SchemaMismatchException e) {
      throw new IOException(e.getMessage(), e);
    }
    if (part.start() > 0) {
      file.sync(part.start());
    }
    return new Records(file, reader, part);
  }

  private static final String NO_BLOCK = "a block of it is none of Avro";

  private static final class Records implements RecordFile {
    private final DataFileReader<Object> file;
    private final Schema schema;
    private final ValueReader reader;
    private final FilePart part;
    private final BoundedDecoder decoder = new BoundedDecoder();
    private byte[] block = {};
    private int start;
    private int end;
    private long left;
    private long number;
    private boolean isRead;

    Records(DataFileReader<Object> file, ValueReader reader, FilePart part) {
      this.file = file;
      this.schema = file.getSchema();
      this.reader = reader;
      this.part = part;
    }

    @Override
    public boolean next() throws IOException {
      if (number > 0 && !isRead) {
        passOver();
      }
      isRead = false;
      while (left == 0) {
        if (!hasNext() || file.pastSync(part.end())) {
          return false;
        }
        left = file.getBlockCount();
        ByteBuffer bytes = file.nextBlock();
        block = new byte[bytes.remaining()];
        bytes.get(block);
        start = 0;
        end = 0;
      }
      left--;
      number++;
      start = end;
      return true;
    }

    /**
     * Whether there is a record.
     *
     * @throws IOException also if the file ends within a block, which Avro takes for its last end
     */
    private boolean hasNext() throws IOException {
      boolean found;
      try {
        found = file.hasNext();
      } catch (AvroRuntimeException e) { // around what the file system says
        throw e.getCause() instanceof IOException cause ? cause : new IOException(NO_BLOCK);
      }
      if (!found && file.previousSync() < part.size()) {
        throw new IOException(
            "it ends within the block that begins at byte %d".formatted(file.previousSync()));
      }
      return found;
    }

    @Override
    public void skip(long count) throws IOException {
      long wanted = count;
      while (wanted > 0 && hasNext() && file.getBlockCount() <= wanted) {
        if (file.pastSync(part.end())) {
          return;
        }
        wanted -= file.getBlockCount();
        number += file.getBlockCount();
        isRead = true;
        file.nextBlock();
      }
      RecordFile.super.skip(wanted);
    }

    @Override
    public Row row() throws UndecodableException, IOException {
      decoder.begin(block, start);
      try {
        Row row = (Row) reader.read(decoder);
        end = decoder.position();
        isRead = true;
        return row;
      } catch (StackOverflowError e) {
        passOver();
        throw new UndecodableException("the record has values within values beyond what is read");
      } catch (IOException | RuntimeException e) {
        passOver();
        throw new UndecodableException(ValueException.of(e).sentence());
      }
    }

    /** Finds the end of a record by its schema alone. */
    private void passOver() throws IOException {
      decoder.begin(block, start);
      try {
        GenericDatumReader.skip(schema, decoder);
      } catch (IOException | RuntimeException | StackOverflowError e) {
        throw new IOException(
            "%s is not what the schema of the file says, and nothing behind it can be found"
                .formatted(position()));
      }
      end = decoder.position();
      isRead = true;
    }

    @Override
    public byte[] bytes() {
      return Arrays.copyOfRange(block, start, end);
    }

    @Override
    public String position() {
      return part.start() == 0
          ? "record " + number
          : "record %d behind byte %d".formatted(number, part.start());
    }

    @Override
    public long size() {
      return 100; // blocks bound what is in memory
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private record Opened(FilePart part) implements SeekableInput {
    private FSDataInputStream stream() {
      return part.stream();
    }

    @Override
    public void seek(long position) throws IOException {
      stream().seek(position);
    }

    @Override
    public long tell() throws IOException {
      return stream().getPos();
    }

    @Override
    public long length() {
      return part.size();
    }

    @Override
    public int read(byte[] into, int start, int count) throws IOException {
      return stream().read(into, start, count);
    }

    @Override
    public void close() throws IOException {
      stream().close();
    }
  }
}
