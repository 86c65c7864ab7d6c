// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.nio.ByteBuffer;
import org.apache.avro.Schema;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.formats.RowEncoder;
import org.flinksec.rows.Shape;
import org.flinksec.schemaregistry.SchemaRegistry;

/**
 * Writes records after the id of their schema in a schema registry, see {@link
 * RegisteredAvroToRow}. The id is asked for at the first record of each parallel instance.
 *
 * <p>Not safe for use by several threads.
 */
final class RegisteredRowToAvro implements RowEncoder {
  private static final long serialVersionUID = 1L;

  private final WriterSchema schema;
  private final Shape shape;
  private transient RowToAvro.Written written;
  private transient byte[] before;

  RegisteredRowToAvro(WriterSchema schema, Shape shape) {
    this.schema = schema;
    this.shape = shape;
  }

  @Override
  public byte[] write(Row row) throws UnencodableException {
    if (written == null) {
      WriterSchema.Found found = schema.take(new SchemaRegistry(schema.registry()), shape);
      before = ByteBuffer.allocate(Integer.BYTES + 1).putInt(1, found.id()).array();
      written = written(found.schema(), shape);
    }
    return written.write(row, before);
  }

  static RowToAvro.Written written(Schema schema, Shape shape) {
    return new RowToAvro.Written(schema, shape);
  }
}
