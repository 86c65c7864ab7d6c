// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats;

import java.io.Serializable;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;

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
   * @throws UndecodableException if it is not what the job reads; nothing else is thrown
   */
  Row read(byte[] value) throws UndecodableException;

  /** Makes the decoder for the rows of a job. */
  @FunctionalInterface
  interface Factory {
    /**
     * @param type of the rows
     * @param required fields that must be there and not null, also within others
     * @param excluded fields that are left null, since something else fills them
     * @throws IllegalArgumentException if the format has no form for a field
     */
    RowDecoder of(RowTypeInfo type, List<String> required, Set<String> excluded);
  }
}
