// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.io.Closeable;
import java.io.IOException;
import org.apache.flink.types.Row;
import org.flinksec.badrecords.UndecodableException;

/**
 * An open file, or a part of one, as records one after the other. It is used by one thread.
 *
 * <p>What is wrong with one record is an {@link UndecodableException}, after which the next one can
 * be asked for; what is wrong with the file is any other {@link IOException}.
 */
public interface RecordFile extends Closeable {
  /** A file of this form cannot be opened in its middle. */
  long NO_OFFSET = -1;

  /** Goes to the next record, the first to begin with; false at the end. */
  boolean next() throws IOException;

  /** The record as a row; at most once for each. */
  Row row() throws IOException;

  /** The bytes of the record, for a dead letter; null where none stand for it alone. */
  byte[] bytes();

  /** Where the record stands in the file, for messages: {@code line 17}. */
  String position();

  /** How much of memory the record takes, about, in bytes. */
  long size();

  /** Where the record behind this one begins; {@link #NO_OFFSET} if that is of no use. */
  default long offset() {
    return NO_OFFSET;
  }

  /** Passes over records without a look into them. */
  default void skip(long count) throws IOException {
    for (long i = 0; i < count && next(); i++) {
      // each is one less
    }
  }
}
