// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.orc;

import org.apache.orc.storage.ql.exec.vector.ColumnVector;
import org.flinksec.formats.values.BadValueException;

/** Puts one value, which is not null, into its place in a column. */
@FunctionalInterface
interface VectorWriter {
  /**
   * @throws BadValueException if the column has no place for it
   */
  void write(ColumnVector column, int row, Object value) throws BadValueException;
}
