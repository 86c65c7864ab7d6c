// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import java.io.IOException;
import java.io.Serializable;
import java.util.Set;
import org.flinksec.rows.Shape;

/** A format as files that are read. One is used by one thread at a time. */
public interface RecordFiles extends Serializable {
  /**
   * Looks whether there can be such files.
   *
   * @throws IllegalArgumentException if the format has no form for a field; it names the field
   */
  void check(Shape shape);

  /**
   * Whether several readers may share a file.
   *
   * @param name of the file
   */
  boolean isSplittable(String name);

  /**
   * Opens a file.
   *
   * @param part what of it; the reader closes its stream
   * @param shape of the rows; what the names of directories say is the default of their fields
   * @param directories the names of the fields of which that is so
   * @throws IOException if the file is no such file, or holds other fields
   */
  RecordFile open(FilePart part, Shape shape, Set<String> directories) throws IOException;
}
