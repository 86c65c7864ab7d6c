// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.flinksec.sealed.keys.DirectoryKeyRing;

/** Makes Flink itself find sealed file systems, as a process of a cluster does at start. */
final class Registered {
  private Registered() {}

  static void with(Path dir) throws IOException {
    Path ring = Files.createDirectories(dir.resolve("ring"));
    if (!Files.exists(ring.resolve("k1"))) {
      Path key = Files.write(ring.resolve("k1"), new byte[32]);
      Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("r--------"));
      Path primary = Files.writeString(ring.resolve("primary"), "k1");
      Files.setPosixFilePermissions(primary, PosixFilePermissions.fromString("r--------"));
      Files.setPosixFilePermissions(ring, PosixFilePermissions.fromString("rwx------"));
    }
    with(new Configuration().set(DirectoryKeyRing.KEYS, ring.toString()));
  }

  static void with(Configuration config) {
    FileSystem.initialize(config, null);
  }

  static org.apache.flink.core.fs.Path sealed(Path path) {
    return new org.apache.flink.core.fs.Path("sealed+file://" + path);
  }

  /** How many of the files below a directory are not sealed. */
  static long plaintextFiles(Path dir) throws IOException {
    try (var files = Files.walk(dir)) {
      return files.filter(Files::isRegularFile).filter(Registered::isPlaintext).count();
    }
  }

  private static boolean isPlaintext(Path file) {
    try (var in = Files.newInputStream(file)) {
      return isPlaintext(in.readNBytes(6));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The key-encryption key that a sealed file names in its first slot (state-format.md, 1.2). */
  static Optional<String> keyId(byte[] content) {
    if (content.length < 1024 || isPlaintext(content)) {
      return Optional.empty();
    }
    return Optional.of(new String(content, 328, content[325], StandardCharsets.US_ASCII));
  }

  static boolean isPlaintext(byte[] content) {
    byte[] magic = java.util.Arrays.copyOf(content, 6);
    return !new String(magic, 1, 5, StandardCharsets.US_ASCII).equals("FSEAL");
  }
}
