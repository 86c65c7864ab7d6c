// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.flinksec.sealed.format.KeySlot;

/**
 * Reads the files of a key ring directory, and refuses the ones that are exposed or malformed, or
 * that others could change.
 */
final class KeyFiles {
  static final String PRIMARY = "primary";
  static final int KEY_BYTES = 32;

  private static final int EXPOSED = 0026;
  private static final int CHANGEABLE = 0022;

  private KeyFiles() {}

  /** The id in the file {@code primary}, and every key of the directory by its id. */
  static Map.Entry<String, TreeMap<String, byte[]>> read(Path directory) throws KeyException {
    TreeMap<String, byte[]> keys = readAll(directory);
    return Map.entry(readPrimary(directory), keys);
  }

  /**
   * Every key of the directory by its id. Dot files (Kubernetes' links) and folders are no keys.
   */
  static TreeMap<String, byte[]> readAll(Path directory) throws KeyException {
    TreeMap<String, byte[]> keys = new TreeMap<>();
    Path real = checked(directory);
    try (Stream<Path> files = Files.list(real)) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        String name = file.getFileName().toString();
        if (!name.startsWith(".") && !name.equals(PRIMARY)) {
          readKey(real, name, keys);
        }
      }
    } catch (IOException | java.io.UncheckedIOException e) {
      throw e instanceof KeyException known ? known : unreadable("the directory", e);
    }
    return keys;
  }

  private static String readPrimary(Path directory) throws KeyException {
    try {
      SafePath file = SafePath.follow(checked(directory), PRIMARY);
      if (file.permits(CHANGEABLE)) {
        throw new KeyException(
            "the file 'primary' can be changed by others (mode %s)".formatted(file.octal()));
      }
      // The longest id and a line end; a longer file is not a key id and fails where it is looked
      // up.
      return new String(content(file, "the file 'primary'", 128), UTF_8).strip();
    } catch (NoSuchFileException e) {
      throw new KeyException("the file 'primary', which names the key for new files, is missing");
    } catch (IOException e) {
      throw e instanceof KeyException known ? known : unreadable("the file 'primary'", e);
    }
  }

  private static Path checked(Path directory) throws KeyException {
    try {
      if (!Files.readAttributes(directory, java.nio.file.attribute.BasicFileAttributes.class)
          .isDirectory()) {
        throw new KeyException("it is not a directory");
      }
      return SafePath.ring(directory);
    } catch (NoSuchFileException e) {
      throw new KeyException("it is not a directory");
    } catch (IOException e) {
      throw e instanceof KeyException known ? known : unreadable("it", e);
    }
  }

  private static void readKey(Path directory, String name, Map<String, byte[]> keys)
      throws KeyException {
    String what = "the key file '" + name + "'";
    try {
      SafePath file = SafePath.follow(directory, name);
      if (file.isDirectory()) {
        return;
      }
      if (!KeySlot.isKeyId(name)) {
        throw new KeyException(
            "'"
                + name
                + "' is not a key id (letters, digits, dot, hyphen, underscore; at most 64)");
      }
      if (file.permits(EXPOSED)) {
        throw new KeyException(
            "%s is exposed (mode %s): use mode 0400 or 0600, or 0440 for a mounted Secret"
                .formatted(what, file.octal()));
      }
      byte[] key = content(file, what, KEY_BYTES + 1);
      if (key.length != KEY_BYTES) {
        throw new KeyException(
            "%s must hold exactly 32 bytes, it holds %s"
                .formatted(what, key.length > KEY_BYTES ? "more" : key.length));
      }
      keys.put(name, key);
    } catch (IOException e) {
      throw e instanceof KeyException known ? known : unreadable(what, e);
    }
  }

  /** At most so many bytes; a pipe would wait for ever, a device never end. */
  private static byte[] content(SafePath file, String what, int limit) throws IOException {
    if (!file.isRegular()) {
      throw new KeyException(what + " cannot be read: it is not a regular file");
    }
    try (InputStream in = Files.newInputStream(file.path(), LinkOption.NOFOLLOW_LINKS)) {
      return in.readNBytes(limit);
    }
  }

  private static KeyException unreadable(String what, Exception e) {
    Throwable cause = e instanceof java.io.UncheckedIOException ? e.getCause() : e;
    return new KeyException(
        what + " cannot be read (" + cause.getClass().getSimpleName() + ")", cause);
  }
}
