// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.IOException;
import java.util.Map;
import org.apache.flink.core.fs.Path;

/** Which columns files of a format have, of those that say so themselves. */
public interface FileColumns {
  /**
   * What a column is.
   *
   * @param type in the format's own words
   * @param optional whether it may be without a value
   */
  record Column(String type, boolean optional) {}

  /** The columns of the files that are to be written, by their paths. */
  Map<String, Column> written();

  /**
   * The columns of a file.
   *
   * @throws IOException if it cannot be read, or is none of the format
   */
  Map<String, Column> read(Path file) throws IOException;
}
