// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.file.DataFileStream;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.Path;

/**
 * Makes one file of Avro of several: blocks are copied as they are where the schema is the same.
 */
public final class MergedAvro implements BulkWriter.Factory<Path> {
  private static final long serialVersionUID = 1L;

  private final AvroFiles files;

  /**
   * @param files as the small ones are written; their schema is that of the large one
   */
  public MergedAvro(AvroFiles files) {
    this.files = files;
  }

  @Override
  public BulkWriter<Path> create(FSDataOutputStream file) throws IOException {
    Schema schema = files.schema();
    DataFileWriter<Object> out = new DataFileWriter<>(new GenericDatumWriter<>(schema));
    out.setCodec(files.codec());
    out.create(schema, file);
    return new Merging(out, schema);
  }

  private record Merging(DataFileWriter<Object> out, Schema schema) implements BulkWriter<Path> {
    @Override
    public void addElement(Path path) throws IOException {
      GenericDatumReader<Object> reader = new GenericDatumReader<>(null, schema);
      try (DataFileStream<Object> in =
          new DataFileStream<>(path.getFileSystem().open(path), reader)) {
        if (in.getSchema().equals(schema)) {
          out.appendAllFrom(in, false);
        } else {
          for (Object record : in) {
            out.append(record); // of before a change of the record class
          }
        }
      }
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void finish() throws IOException {
      out.flush();
    }
  }
}
