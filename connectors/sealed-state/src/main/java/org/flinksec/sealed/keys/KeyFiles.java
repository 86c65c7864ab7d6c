// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.flinksec.sealed.format.KeySlot;

/** Reads the files of a key ring directory, and refuses the ones that are exposed or malformed. */
final class KeyFiles {
  static final String PRIMARY = "primary";
  static final int KEY_BYTES = 32;

  private KeyFiles() {}

  /**
   * Every key of the directory by its id. Dot files (Kubernetes' links) and folders are no keys.
   */
  static TreeMap<String, byte[]> readAll(Path directory) throws KeyException {
    if (!Files.isDirectory(directory)) {
      throw new KeyException("it is not a directory");
    }
    TreeMap<String, byte[]> keys = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        String name = file.getFileName().toString();
        if (!name.startsWith(".") && !name.equals(PRIMARY) && !Files.isDirectory(file)) {
          keys.put(name, readKey(file, name));
        }
      }
    } catch (IOException e) {
      throw e instanceof KeyException known ? known : PrivateFiles.unreadable("the directory", e);
    }
    return keys;
  }

  /** The id in the file {@code primary}. */
  static String readPrimary(Path directory) throws KeyException {
    Path file = directory.resolve(PRIMARY);
    if (!Files.isRegularFile(file)) {
      throw new KeyException("the file 'primary', which names the key for new files, is missing");
    }
    try (InputStream in = Files.newInputStream(file)) {
      // The longest id and a line end; a longer file is no key id and fails where it is looked up.
      return new String(in.readNBytes(128), UTF_8).strip();
    } catch (IOException e) {
      throw PrivateFiles.unreadable("the file 'primary'", e);
    }
  }

  private static byte[] readKey(Path file, String name) throws KeyException {
    if (!KeySlot.KEY_ID.matcher(name).matches()) {
      throw new KeyException(
          "'" + name + "' is no key id (letters, digits, dot, hyphen, underscore; at most 64)");
    }
    byte[] key = PrivateFiles.read(file, "the key file '" + name + "'", KEY_BYTES + 1);
    if (key.length != KEY_BYTES) {
      throw new KeyException(
          "the key file '%s' must hold exactly 32 bytes, it holds %s"
              .formatted(name, key.length > KEY_BYTES ? "more" : key.length));
    }
    return key;
  }
}
