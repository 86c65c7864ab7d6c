// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.RowEncoder;
import org.flinksec.rows.Shape;

/**
 * Writes records with one schema, which does not stand in them.
 *
 * <p>Not safe for use by several threads.
 */
final class RowToAvro implements RowEncoder {
  private static final long serialVersionUID = 1L;

  private final String schema;
  private final Shape shape;
  private transient Written written;

  /**
   * @param schema the text of the schema to write with
   * @throws SchemaMismatchException if the schema has no place for what the record holds, or needs
   *     what the record does not have
   */
  RowToAvro(String schema, Shape shape) {
    this.schema = schema;
    this.shape = shape;
    this.written = new Written(Schemas.parse(schema, List.of()), shape);
  }

  @Override
  public byte[] write(Row row) throws UnencodableException {
    if (written == null) {
      written = new Written(Schemas.parse(schema, List.of()), shape);
    }
    return written.write(row, new byte[0]);
  }

  /** Rows in the binary form of one schema. */
  static final class Written {
    private static final int LARGE_BUFFER = 1 << 20;

    private final ValueWriter writer;
    private ByteArrayOutputStream buffer = new ByteArrayOutputStream(512);
    private BinaryEncoder out;

    Written(Schema schema, Shape shape) {
      if (schema.getType() != Schema.Type.RECORD) {
        throw new SchemaMismatchException(
            "is %s in the schema, and a record of Avro is needed"
                .formatted(ValueReaders.name(schema)));
      }
      writer = ValueWriters.of(shape, schema);
    }

    /** The record, after some bytes that stand before it. */
    byte[] write(Row row, byte[] before) throws UnencodableException {
      buffer.reset();
      out = EncoderFactory.get().binaryEncoder(buffer, out);
      try {
        buffer.write(before);
        writer.write(out, row);
        out.flush();
        return buffer.toByteArray();
      } catch (ValueException e) {
        out = null; // it still holds half a record
        throw new UnencodableException(e.sentence());
      } catch (RuntimeException e) {
        out = null;
        throw e;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        if (buffer.size() > LARGE_BUFFER) {
          buffer = new ByteArrayOutputStream(512);
          out = null;
        }
      }
    }
  }
}
