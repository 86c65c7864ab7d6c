// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats;

import java.io.Serializable;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UnencodableException;
import org.flinksec.rows.Shape;

/**
 * What a format has of its own to be written: a row to bytes.
 *
 * <p>It is used by one thread.
 */
@FunctionalInterface
public interface RowEncoder extends Serializable {
  /**
   * Writes one record.
   *
   * @param row with the fields of the shape, in their order
   * @return the whole record; null for a value that is not there
   * @throws UnencodableException if the format cannot express a value of it: the record's fault
   * @throws RuntimeException of another kind if the row is not of the shape: the job's fault
   */
  byte[] write(Row row) throws UnencodableException;

  /**
   * Whether the format says itself what kind of change a row is. If it does not, a row that deletes
   * is written as no value at all.
   */
  default boolean writesKinds() {
    return false;
  }

  /**
   * Whether a row is written at all. One that is not is no record, and not a record without a value
   * either.
   */
  default boolean writes(Row row) {
    return true;
  }

  /** Makes the encoder for the rows of a job. */
  @FunctionalInterface
  interface Factory {
    /**
     * @param shape of the rows
     * @throws IllegalArgumentException if the format has no form for a field
     */
    RowEncoder of(Shape shape);
  }
}
