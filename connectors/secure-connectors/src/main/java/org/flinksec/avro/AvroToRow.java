// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.formats.RowDecoder;
import org.flinksec.rows.Shape;

/**
 * Reads records that were all written with one schema, which stands nowhere in them.
 *
 * <p>Not safe for use by several threads.
 */
final class AvroToRow implements RowDecoder {
  private static final long serialVersionUID = 1L;

  private final String schema;
  private final Shape shape;
  private final Set<String> excluded;
  private transient ValueReader reader;
  private transient BoundedDecoder decoder;

  /**
   * @param schema the text of the schema that records were written with
   * @throws SchemaMismatchException if the record class cannot read it
   */
  AvroToRow(String schema, Shape shape, Set<String> excluded) {
    this.schema = schema;
    this.shape = shape;
    this.excluded = Set.copyOf(excluded);
    this.reader = reader(Schemas.parse(schema, List.of()), shape, excluded);
  }

  /** A reader of whole records. */
  static ValueReader reader(Schema writer, Shape shape, Set<String> excluded) {
    if (writer.getType() != Schema.Type.RECORD) {
      throw new SchemaMismatchException(
          "is %s in the schema, and a record of Avro is needed"
              .formatted(ValueReaders.name(writer)));
    }
    return ValueReaders.row(shape, writer, excluded);
  }

  @Override
  public Row read(byte[] value) throws UndecodableException {
    if (value == null) {
      throw new UndecodableException("there is no record: the value is null");
    }
    if (reader == null) {
      reader = reader(Schemas.parse(schema, List.of()), shape, excluded);
    }
    if (decoder == null) {
      decoder = new BoundedDecoder();
    }
    return read(reader, decoder, value, 0);
  }

  /** Reads the record that begins at an offset. */
  static Row read(ValueReader reader, BoundedDecoder decoder, byte[] value, int offset)
      throws UndecodableException {
    decoder.begin(value, offset);
    try {
      Row row = (Row) reader.read(decoder);
      decoder.requireEnd();
      return row;
    } catch (StackOverflowError e) {
      throw new UndecodableException("the record has values within values beyond what is read");
    } catch (IOException | RuntimeException e) {
      throw new UndecodableException(ValueException.of(e).sentence());
    }
  }
}
