// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats;

import java.io.Serializable;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;
import org.flinksec.rows.Shape;

/**
 * What a format has of its own to be read: bytes to a row. Where they came from, what else fills
 * the row, and what becomes of bytes that are no row is its caller's business.
 *
 * <p>It is used by one thread.
 */
@FunctionalInterface
public interface RowDecoder extends Serializable {
  /**
   * Reads one record.
   *
   * @param value the whole record; null where there is none
   * @return a new row with all fields of the shape, those that are excluded null
   * @throws UndecodableException if it is not what the job reads; nothing else is thrown
   */
  Row read(byte[] value) throws UndecodableException;

  /**
   * Reads what stands for several rows, or none: a change of a row in a database.
   *
   * @param out gets all rows, after the last of them has been read
   */
  default void readAll(byte[] value, Consumer<Row> out) throws UndecodableException {
    out.accept(read(value));
  }

  /** Makes the decoder for the rows of a job. */
  @FunctionalInterface
  interface Factory extends Serializable {
    /**
     * @param shape of the rows
     * @param excluded names of fields that are left null, since something else fills them; none of
     *     them is required
     * @throws IllegalArgumentException if the format has no form for a field
     */
    RowDecoder of(Shape shape, Set<String> excluded);
  }
}
