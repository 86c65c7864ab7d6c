// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;

/**
 * What is read of an open file.
 *
 * @param stream of the file, at its beginning
 * @param path of the file
 * @param start records that begin here or later are read
 * @param end records that begin here or later are not
 * @param size of the whole file, in bytes
 * @param offset a record begins here, and those before it have been read; negative if not
 */
public record FilePart(
    FSDataInputStream stream, Path path, long start, long end, long size, long offset) {

  /** The name of the file, without its directory. */
  public String name() {
    return path.getName();
  }
}
