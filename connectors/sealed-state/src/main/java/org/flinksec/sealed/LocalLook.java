// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells "nothing is there" from "it could not be looked at" on a local or mounted volume. {@code
 * java.io.File}, and so Flink's local file system, says the first of both, and a list that is
 * shorter: a job whose result an error of NFS hides would be run again.
 */
final class LocalLook {
  private LocalLook() {}

  /**
   * Whether there is anything of this name.
   *
   * @throws IOException if that cannot be told
   */
  static boolean isThere(Path path) throws IOException {
    try {
      Files.readAttributes(path, BasicFileAttributes.class);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    } catch (FileSystemException e) {
      if (isBelowFile(path)) {
        return false;
      }
      throw e;
    }
  }

  /**
   * The names in a directory; null if there is none.
   *
   * @throws IOException if they cannot be told, or not all of them
   */
  static List<String> names(Path directory) throws IOException {
    if (!isThere(directory) || !Files.isDirectory(directory)) {
      return null;
    }
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        names.add(entry.getFileName().toString());
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    } catch (NoSuchFileException e) {
      return null;
    }
    return names;
  }

  /** Whether a file is where the path has a directory: then nothing can be below. */
  private static boolean isBelowFile(Path path) {
    for (Path above = path.getParent(); above != null; above = above.getParent()) {
      if (Files.isRegularFile(above)) {
        return true;
      }
    }
    return false;
  }
}
