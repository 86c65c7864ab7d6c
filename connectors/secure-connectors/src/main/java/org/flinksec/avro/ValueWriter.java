// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.IOException;
import org.apache.avro.io.Encoder;

/** Writes one value of a row. Made for one schema. */
@FunctionalInterface
interface ValueWriter {
  /**
   * @param value not null, unless the writer is one of a nullable value
   * @throws ValueException if the schema has no place for the value
   */
  void write(Encoder out, Object value) throws IOException;
}
