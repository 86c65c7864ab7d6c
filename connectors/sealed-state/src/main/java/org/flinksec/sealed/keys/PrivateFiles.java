// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Reads small files with secrets, and refuses the ones that others may read. */
public final class PrivateFiles {
  private static final Set<PosixFilePermission> EXPOSED =
      Set.of(
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private PrivateFiles() {}

  /**
   * At most so many bytes of a file.
   *
   * @param what what messages call it
   */
  public static byte[] read(Path file, String what, int limit) throws KeyException {
    try {
      // A pipe would wait for ever.
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new KeyException(what + " cannot be read: it is not a regular file");
      }
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
      if (mode.stream().anyMatch(EXPOSED::contains)) {
        throw new KeyException(
            "%s is exposed (%s): use mode 0400 or 0600, or 0440 for a mounted Secret"
                .formatted(what, PosixFilePermissions.toString(mode)));
      }
      try (InputStream in = Files.newInputStream(file)) {
        return in.readNBytes(limit);
      }
    } catch (IOException e) {
      throw e instanceof KeyException known ? known : unreadable(what, e);
    }
  }

  static KeyException unreadable(String what, IOException e) {
    return new KeyException(what + " cannot be read (" + e.getClass().getSimpleName() + ")", e);
  }
}
