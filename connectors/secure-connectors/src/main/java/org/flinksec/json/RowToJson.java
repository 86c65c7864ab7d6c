// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import org.apache.flink.types.Row;
import org.flinksec.rows.Shape;

/**
 * Writes a row as one compact JSON object, its fields in the order they are declared.
 *
 * <p>Null fields are written as null, unless they are to be left out. Times are ISO-8601 text in
 * UTC, dates ISO-8601, Decimals numbers without an exponent, bytes Base64. What {@link JsonToRow}
 * reads, this writes, and the other way round.
 *
 * <p>Not safe for use by several threads: one generator and one buffer serve all rows.
 */
public final class RowToJson implements Serializable {
  private static final long serialVersionUID = 1L;
  // What stands beyond the basic plane goes out in 4 bytes of UTF-8, not in 12 of escapes.
  private static final JsonFactory FACTORY =
      new JsonFactory().enable(JsonGenerator.Feature.COMBINE_UNICODE_SURROGATES_IN_UTF8);
  private static final int LARGE_BUFFER = 1 << 20;

  private final Shape shape;
  private final boolean nulls;
  private transient RowWriter writer;
  private transient Buffer buffer;
  private transient JsonGenerator generator;

  /**
   * @param shape of the rows
   */
  public RowToJson(Shape shape) {
    this(shape, true);
  }

  private RowToJson(Shape shape, boolean nulls) {
    this.shape = shape;
    this.nulls = nulls;
    this.writer = new RowWriter(shape, nulls);
  }

  /**
   * Leaves out the fields of rows that are null, at every depth. Nulls in lists and in the values
   * of a dict stay, which the record holds on purpose.
   *
   * @param shape of the rows
   */
  public static RowToJson withoutNulls(Shape shape) {
    return new RowToJson(shape, false);
  }

  /**
   * The document in UTF-8.
   *
   * @throws JsonEncodingException if the row is not of the type
   * @throws UnwritableValueException if JSON cannot express one of its values
   */
  public byte[] toBytes(Row row) {
    write(row);
    return buffer.toByteArray();
  }

  /** The document as text, without a line feed. */
  public String toText(Row row) {
    write(row);
    return buffer.toString(StandardCharsets.UTF_8);
  }

  private void write(Row row) {
    try {
      open();
      writer.write(generator, row);
      generator.flush();
    } catch (IOException e) {
      generator = null;
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      generator = null; // it stands inside a half-written object
      throw e;
    }
  }

  private void open() throws IOException {
    if (writer == null) {
      writer = new RowWriter(shape, nulls);
    }
    if (generator == null || buffer.capacity() > LARGE_BUFFER) {
      buffer = new Buffer();
      generator = FACTORY.createGenerator(buffer);
      generator.setPrettyPrinter(new MinimalPrettyPrinter("")); // nothing between two documents
    }
    buffer.reset();
  }

  private static final class Buffer extends ByteArrayOutputStream {
    Buffer() {
      super(512);
    }

    int capacity() {
      return buf.length;
    }
  }
}
