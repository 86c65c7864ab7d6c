// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Makes the entries of a local directory durable: syncing a file does not sync its name. */
final class DirectorySync {
  private DirectorySync() {}

  /** The directories that get a new entry when this file is made, with all its parents. */
  static List<Path> directoriesOf(Path file) {
    List<Path> result = new ArrayList<>();
    Path directory = file.getParent();
    while (directory != null) {
      result.add(directory);
      // One system call, without the exception that nio makes of an answer.
      directory = directory.toFile().exists() ? null : directory.getParent();
    }
    return result;
  }

  static void sync(List<Path> directories) throws IOException {
    for (Path directory : directories) {
      sync(directory);
    }
  }

  private static void sync(Path directory) throws IOException {
    try (LocalFile file = LocalFile.open(directory)) {
      file.sync();
    }
  }
}
