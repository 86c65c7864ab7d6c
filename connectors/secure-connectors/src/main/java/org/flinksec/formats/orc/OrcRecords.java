// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.orc;

import java.io.IOException;
import java.util.Set;
import org.apache.flink.types.Row;
import org.apache.orc.Reader;
import org.apache.orc.RecordReader;
import org.apache.orc.TypeDescription;
import org.apache.orc.storage.ql.exec.vector.StructColumnVector;
import org.apache.orc.storage.ql.exec.vector.VectorizedRowBatch;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.files.reading.FilePart;
import org.flinksec.files.reading.RecordFile;
import org.flinksec.files.reading.RecordFiles;
import org.flinksec.formats.FormatException;
import org.flinksec.formats.values.BadValueException;
import org.flinksec.rows.Shape;

/** ORC files as rows: of each file those columns that the record has, by their names. */
public final class OrcRecords implements RecordFiles {
  private static final long serialVersionUID = 1L;

  @Override
  public void check(Shape shape) {
    if (shape.fields().isEmpty()) {
      throw new FormatException("the record has no fields, and ORC has nothing else");
    }
  }

  @Override
  public boolean isSplittable(String name) {
    return true;
  }

  @Override
  public RecordFile open(FilePart part, Shape shape, Set<String> directories) throws IOException {
    part.stream().close(); // ORC opens a file as it likes
    Reader file;
    try {
      file = OrcInput.opened(part.path());
    } catch (IOException | RuntimeException e) {
      throw OrcInput.why(e, "it is no file of ORC");
    }
    try {
      return new Rows(file, shape, part);
    } catch (FormatException e) {
      file.close();
      throw new IOException(e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw OrcInput.why(e, "its stripes cannot be found");
    }
  }

  private static final class Rows implements RecordFile {
    private final Reader file;
    private final RecordReader reader;
    private final VectorizedRowBatch batch;
    private final VectorReaders.Fields fields;
    private final StructColumnVector columns;
    private int at = -1;
    private long number;

    Rows(Reader file, Shape shape, FilePart part) throws IOException {
      this.file = file;
      TypeDescription written = file.getSchema();
      if (written.getCategory() != TypeDescription.Category.STRUCT) {
        throw new FormatException("its rows have no columns with names");
      }
      // Nothing is converted on the way, where what does not fit would become null.
      TypeDescription read = TypeDescription.createStruct();
      for (int i = 0; i < written.getFieldNames().size(); i++) {
        String name = written.getFieldNames().get(i);
        if (shape.fields().stream().anyMatch(field -> field.wire().equals(name))) {
          read.addField(name, written.getChildren().get(i).clone());
        }
      }
      this.fields = VectorReaders.fields(shape, read, "");
      this.reader =
          file.rows(
              file.options()
                  .schema(read)
                  .range(part.start(), part.end() - part.start())
                  .useSelected(false));
      this.batch = read.createRowBatch();
      this.columns = new StructColumnVector(batch.getMaxSize(), batch.cols);
    }

    @Override
    public boolean next() throws IOException {
      at++;
      while (at >= batch.size) {
        long first = reader.getRowNumber();
        try {
          if (!reader.nextBatch(batch)) {
            return false;
          }
        } catch (IOException | RuntimeException e) { // of streams that are not what the file says
          throw OrcInput.why(e, "a column behind row %d cannot be read".formatted(number));
        }
        at = 0;
        number = first;
      }
      number++;
      return true;
    }

    @Override
    public Row row() throws UndecodableException {
      try {
        return fields.read(columns, at);
      } catch (BadValueException e) {
        throw e.undecodable();
      }
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
      return file.getNumberOfRows() == 0 ? 0 : file.getRawDataSize() / file.getNumberOfRows();
    }

    @Override
    public void close() throws IOException {
      reader.close();
      file.close();
    }
  }
}
