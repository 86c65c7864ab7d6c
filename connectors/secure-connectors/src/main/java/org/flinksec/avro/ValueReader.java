// SPDX-License-Identifier: Apache-2.0
package org.flinksec.avro;

import java.io.IOException;

/** Reads one value as a row holds it. Made for one schema of a writer; used by one thread. */
@FunctionalInterface
interface ValueReader {
  /**
   * @throws ValueException if the bytes are not what their schema says, or the record cannot hold
   *     the value
   */
  Object read(BoundedDecoder in) throws IOException;
}
