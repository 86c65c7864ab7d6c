// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.types.Row;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.BadConfigurationException;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.files.reading.FilePart;
import org.flinksec.files.reading.RecordFile;
import org.flinksec.files.reading.RecordFiles;
import org.flinksec.formats.FormatException;
import org.flinksec.rows.Shape;

/** Parquet files as rows: of each file those columns that the record has, by their names. */
public final class ParquetRecords implements RecordFiles {
  private static final long serialVersionUID = 1L;
  private static final String QUOTING = "can not read class"; // of parquet.format.Util

  @Override
  public void check(Shape shape) {
    if (shape.fields().isEmpty()) {
      throw new FormatException("the record has no fields, and Parquet has nothing else");
    }
  }

  @Override
  public boolean isSplittable(String name) {
    return true;
  }

  @Override
  public RecordFile open(FilePart part, Shape shape, Set<String> directories) throws IOException {
    // A row group belongs to the part that its middle is in.
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .withRange(part.start(), part.end())
            .usePageChecksumVerification()
            .build();
    ParquetFileReader file;
    try {
      file = ParquetFileReader.open(new Opened(part), options);
    } catch (RuntimeException e) { // whose words quote what stands there instead
      throw new IOException("it is no file of Parquet");
    } catch (IOException e) {
      throw quiet(e);
    }
    try {
      return new Rows(file, shape);
    } catch (FormatException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Without what stands in a footer or in front of a page, where the least and the most are. */
  private static IOException quiet(IOException e) {
    boolean isQuoting = e.getMessage() != null && e.getMessage().startsWith(QUOTING);
    return isQuoting ? new IOException("what it says of its columns cannot be read") : e;
  }

  private static final class Rows implements RecordFile {
    private final ParquetFileReader file;
    private final MessageColumnIO columns;
    private final RowMaterializer rows;
    private RecordReader<Row> reader;
    private long left;
    private long number;
    private long size;
    private Row row;

    Rows(ParquetFileReader file, Shape shape) {
      this.file = file;
      MessageType written = file.getFileMetaData().getSchema();
      List<Type> wanted = new ArrayList<>();
      for (Type column : written.getFields()) {
        if (shape.fields().stream().anyMatch(field -> field.wire().equals(column.getName()))) {
          wanted.add(column);
        }
      }
      MessageType read = new MessageType(written.getName(), wanted);
      this.rows = new RowMaterializer(shape, read);
      file.setRequestedSchema(read);
      this.columns =
          new ColumnIOFactory(file.getFileMetaData().getCreatedBy()).getColumnIO(read, written);
    }

    @Override
    public boolean next() throws IOException {
      while (left == 0) {
        PageReadStore group = nextGroup();
        if (group == null) {
          return false;
        }
        left = group.getRowCount();
        number = group.getRowIndexOffset().orElse(number);
        size = left == 0 ? 0 : groupBytes() / left;
        reader = columns.getRecordReader(group, rows);
      }
      left--;
      number++;
      rows.begin();
      try {
        row = reader.read();
      } catch (RuntimeException e) { // of pages that are not what the file says
        throw new IOException("a column of row %d cannot be read".formatted(number));
      }
      return true;
    }

    private PageReadStore nextGroup() throws IOException {
      try {
        return file.readNextRowGroup();
      } catch (BadConfigurationException e) { // of a codec whose library is not there
        throw new IOException("its columns are compressed in a way that is not read");
      } catch (IOException e) {
        throw quiet(e);
      }
    }

    private long groupBytes() {
      return file.getRowGroups().isEmpty() ? 0 : file.getRowGroups().get(0).getTotalByteSize();
    }

    @Override
    public void skip(long count) throws IOException {
      long wanted = count;
      for (BlockMetaData group : file.getRowGroups()) {
        if (group.getRowCount() > wanted) {
          break;
        }
        wanted -= group.getRowCount();
        file.skipNextRowGroup();
      }
      RecordFile.super.skip(wanted);
    }

    @Override
    public Row row() throws UndecodableException {
      String problem = rows.problem();
      if (problem != null) {
        throw new UndecodableException(problem);
      }
      return row;
    }

    @Override
    public byte[] bytes() {
      return null; // a row is in as many places as there are columns
    }

    @Override
    public String position() {
      return "row " + number;
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private record Opened(FilePart part) implements InputFile {
    @Override
    public long getLength() {
      return part.size();
    }

    @Override
    public SeekableInputStream newStream() {
      FSDataInputStream stream = part.stream();
      return new DelegatingSeekableInputStream(stream) {
        @Override
        public long getPos() throws IOException {
          return stream.getPos();
        }

        @Override
        public void seek(long position) throws IOException {
          stream.seek(position);
        }
      };
    }
  }
}
