// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.parquet;

import org.apache.parquet.io.api.RecordConsumer;
import org.flinksec.formats.values.BadValueException;

/** Writes one value, which is not null. */
@FunctionalInterface
interface ColumnWriter {
  /**
   * @throws BadValueException if the column has no place for it
   */
  void write(RecordConsumer out, Object value) throws BadValueException;
}
