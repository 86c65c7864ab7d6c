// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Random;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.flinksec.sealed.keys.AssociatedData;
import org.flinksec.sealed.keys.DirectoryKeyRing;

/** Key rings, file systems and data for tests. */
final class TestKeys {
  /** For providers that bind none, and tests that do not care. */
  static final AssociatedData ASSOCIATED = new AssociatedData(1, "00".repeat(16), "");

  private TestKeys() {}

  /** A key ring with one key, whose bytes are all {@code fill}. */
  static Path ring(Path directory, String keyId, int fill) throws IOException {
    Files.createDirectories(directory);
    addKey(directory, keyId, fill);
    return withPrimary(directory, keyId);
  }

  static Path withPrimary(Path directory, String keyId) throws IOException {
    Path primary = Files.writeString(directory.resolve("primary"), keyId + "\n");
    // Whatever this user's umask is: a ring that others may write is refused.
    Files.setPosixFilePermissions(primary, PosixFilePermissions.fromString("rw-r--r--"));
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    return directory;
  }

  static void addKey(Path directory, String keyId, int fill) throws IOException {
    byte[] key = new byte[32];
    Arrays.fill(key, (byte) fill);
    addKey(directory, keyId, key);
  }

  static void addKey(Path directory, String keyId, byte[] key) throws IOException {
    Path file = Files.write(directory.resolve(keyId), key);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  static FileSystem fileSystem(Path ring) throws IOException {
    return fileSystem(new Configuration().set(DirectoryKeyRing.KEYS, ring.toString()));
  }

  static FileSystem fileSystem(Configuration config) throws IOException {
    SealedFileSystemFactory factory = new SealedFileSystemFactory.Local();
    factory.configure(config);
    return factory.create(java.net.URI.create("sealed+file:///"));
  }

  static org.apache.flink.core.fs.Path sealed(Path file) {
    return new org.apache.flink.core.fs.Path("sealed+file://" + file);
  }

  static byte[] data(int size) {
    byte[] data = new byte[size];
    new Random(size).nextBytes(data);
    return data;
  }
}
