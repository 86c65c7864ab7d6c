// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.connector.file.src.util.RecordAndPosition;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.metrics.Counter;
import org.apache.flink.types.Either;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.BadRecord;
import org.flinksec.badrecords.BadRecordException;
import org.flinksec.badrecords.BadRecords;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.Origin;
import org.flinksec.badrecords.SkipBrake;
import org.flinksec.badrecords.Stage;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.timestamps.EventTimes;
import org.slf4j.LoggerFactory;

/**
 * The rows of files, in batches, each with the place behind it, from which a restored job goes on.
 *
 * <p>What cannot be decoded fails the job by its file and place, is left out and counted, or
 * becomes a dead letter.
 */
final class RowsOfFiles implements BulkFormat<Object, FileSourceSplit> {
  private static final long serialVersionUID = 1L;
  private static final int MOST_ROWS = 1000;
  private static final long MOST_BYTES = 4L << 20;

  private final FileReading said;
  private final transient Path top;
  private final transient BadRecords bad;
  private final transient SkipBrake brake;

  /**
   * @param leftOut counts what is left out
   */
  RowsOfFiles(FileReading said, Counter leftOut) {
    this.said = said;
    this.top = new Path(said.directory);
    this.bad =
        new BadRecords(said.onError, leftOut, LoggerFactory.getLogger(DirectorySource.class));
    this.brake = new SkipBrake(said.mostSkipped);
  }

  @Override
  public Reader<Object> createReader(Configuration config, FileSourceSplit split)
      throws IOException {
    return open(split, new CheckpointedPosition(CheckpointedPosition.NO_OFFSET, 0));
  }

  @Override
  public Reader<Object> restoreReader(Configuration config, FileSourceSplit split)
      throws IOException {
    return open(split, split.getReaderPosition().orElseThrow());
  }

  @Override
  public boolean isSplittable() {
    return true; // the enumerator says of which file
  }

  @Override
  @SuppressWarnings("unchecked") // DirectorySource says what it is
  public TypeInformation<Object> getProducedType() {
    return (TypeInformation<Object>) (TypeInformation<?>) said.shape.rowType();
  }

  private Reader<Object> open(FileSourceSplit split, CheckpointedPosition at) throws IOException {
    FileSystem system = split.path().getFileSystem();
    requireSame(split, system);
    Directories directories = Directories.of(said.shape, top, split.path());
    FSDataInputStream stream = system.open(split.path());
    try {
      FilePart part =
          new FilePart(
              stream,
              split.path(),
              split.offset(),
              split.offset() + split.length(),
              split.fileSize(),
              at.getOffset());
      RecordFile file = said.files.open(part, directories.shape(), directories.names());
      file.skip(at.getRecordsAfterOffset());
      return new Rows(split.path(), file, at);
    } catch (IOException e) {
      stream.close();
      throw unreadable(split.path(), e);
    } catch (RuntimeException e) {
      stream.close();
      throw unreadable(split.path(), e);
    } catch (Error e) {
      stream.close();
      throw e;
    }
  }

  /** A place in a file means nothing in another one. */
  private static void requireSame(FileSourceSplit split, FileSystem system) throws IOException {
    FileStatus status;
    try {
      status = system.getFileStatus(split.path());
    } catch (FileNotFoundException e) {
      throw new IOException(
          "the file %s was removed before it had been read".formatted(split.path()), e);
    }
    if (status.getLen() != split.fileSize()
        || status.getModificationTime() != split.fileModificationTime()) {
      throw new IOException(
          "the file %s was changed before it had been read: files must appear whole, by a rename"
              .formatted(split.path()));
    }
  }

  private static IOException unreadable(Path file, IOException e) {
    String why = e.getMessage();
    if (why == null) {
      why = e instanceof EOFException ? "it ends too early" : e.getClass().getSimpleName();
    }
    IOException named = new IOException("the file %s cannot be read: %s".formatted(file, why));
    named.addSuppressed(e); // no cause, which would be told without the name of the file
    return named;
  }

  /** Of others' readers, whose words may quote what they read. */
  private static IOException unreadable(Path file, RuntimeException e) {
    return new IOException(
        "the file %s cannot be read (%s)".formatted(file, e.getClass().getSimpleName()));
  }

  private final class Rows implements Reader<Object> {
    private final Path path;
    private final RecordFile file;
    private long offset;
    private long behind;

    Rows(Path path, RecordFile file, CheckpointedPosition at) {
      this.path = path;
      this.file = file;
      this.offset = at.getOffset();
      this.behind = at.getRecordsAfterOffset();
    }

    @Override
    public RecordIterator<Object> readBatch() throws IOException {
      List<RecordAndPosition<Object>> batch = new ArrayList<>();
      long bytes = 0;
      try {
        while (batch.size() < MOST_ROWS && (bytes < MOST_BYTES || batch.isEmpty()) && file.next()) {
          bytes += file.size();
          Object element = element();
          advance();
          if (element != null) {
            batch.add(new RecordAndPosition<>(element, offset, behind));
          }
        }
      } catch (BadRecordException e) {
        throw e;
      } catch (IOException e) {
        throw unreadable(path, e);
      } catch (RuntimeException e) {
        throw unreadable(path, e);
      }
      return batch.isEmpty() ? null : new Batch(batch);
    }

    private void advance() {
      if (file.offset() == RecordFile.NO_OFFSET) {
        behind++;
      } else {
        offset = file.offset();
        behind = 0;
      }
    }

    /** A row, a letter, or null for what is left out. */
    private Object element() throws IOException {
      try {
        Row row = file.row();
        String problem =
            said.eventTime < 0 ? null : EventTimes.problem(row.getField(said.eventTime));
        if (problem != null) {
          throw new UndecodableException(
              "field '%s' %s".formatted(said.shape.names().get(said.eventTime), problem));
        }
        brake.passed();
        return said.letters ? Either.Left(row) : row;
      } catch (UndecodableException e) {
        Origin.File origin = new Origin.File(path.toString(), file.position());
        if (!bad.met(new BadRecord(Stage.DECODE, origin, e.getMessage()), brake)) {
          return null;
        }
        Letter letter = Letter.undecodable(origin, file.bytes(), said.files.getClass(), e);
        return Either.Right(letter.toBytes());
      }
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private static final class Batch implements RecordIterator<Object> {
    private final List<RecordAndPosition<Object>> records;
    private int at;

    Batch(List<RecordAndPosition<Object>> records) {
      this.records = records;
    }

    @Override
    public RecordAndPosition<Object> next() {
      return at < records.size() ? records.get(at++) : null;
    }

    @Override
    public void releaseBatch() {}
  }
}
