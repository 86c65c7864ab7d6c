// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.UnwritableRowException;
import org.flinksec.rows.Shape;

/** Avro's own files, "object container files", which hold the schema that they are written with. */
public final class AvroFiles implements BulkWriter.Factory<Object> {
  private static final long serialVersionUID = 1L;
  private static final int ZSTD_LEVEL = 3;

  private final String schema;
  private final Shape shape;
  private final String codec;
  private final String target;

  private AvroFiles(String schema, Shape shape, String codec, String target) {
    this.schema = schema;
    this.shape = shape;
    this.codec = codec;
    this.target = target;
  }

  /**
   * @param rowType a row type with names
   * @param text of the schema; empty for that of the record class
   * @param name of the record in the schema of its class, with its namespace; empty for the class's
   * @param codec {@code none}, {@code deflate}, {@code snappy} or {@code zstd}
   * @param target what the rows go to, for messages
   * @throws SchemaMismatchException if the schema has no place for what the record holds
   */
  public static AvroFiles of(
      TypeInformation<?> rowType, String text, String name, String codec, String target) {
    Shape shape = Shape.of(rowType);
    String schema = text.isEmpty() ? RecordSchema.of(shape, name, Set.of()).toString() : text;
    new RowToAvro(schema, shape); // to find what does not fit
    codec(codec);
    return new AvroFiles(schema, shape, codec, target);
  }

  private static CodecFactory codec(String name) {
    return switch (name) {
      case "none" -> CodecFactory.nullCodec();
      case "deflate" -> CodecFactory.deflateCodec(CodecFactory.DEFAULT_DEFLATE_LEVEL);
      case "snappy" -> CodecFactory.snappyCodec();
      case "zstd" -> CodecFactory.zstandardCodec(ZSTD_LEVEL, false, true);
      default -> throw new IllegalArgumentException("no codec " + name);
    };
  }

  Schema schema() {
    return Schemas.parse(schema, List.of());
  }

  CodecFactory codec() {
    return codec(codec);
  }

  @Override
  public BulkWriter<Object> create(FSDataOutputStream file) throws IOException {
    Schema parsed = schema();
    DataFileWriter<Object> out = new DataFileWriter<>(new GenericDatumWriter<>(parsed));
    out.setCodec(codec());
    out.create(parsed, file);
    return new Records(out, new RowToAvro.Written(parsed, shape));
  }

  private final class Records implements BulkWriter<Object> {
    private static final byte[] NOTHING = {};

    private final DataFileWriter<Object> out;
    private final RowToAvro.Written encoder;

    Records(DataFileWriter<Object> out, RowToAvro.Written encoder) {
      this.out = out;
      this.encoder = encoder;
    }

    @Override
    public void addElement(Object row) throws IOException {
      try {
        out.appendEncoded(ByteBuffer.wrap(encoder.write((Row) row, NOTHING)));
      } catch (UnencodableException e) {
        throw new UnwritableRowException(target, e.getMessage());
      }
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void finish() throws IOException {
      out.flush(); // whoever opened the file closes it
    }
  }
}
