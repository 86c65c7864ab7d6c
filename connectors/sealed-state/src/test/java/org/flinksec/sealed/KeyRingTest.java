// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.SealedFileException.Reason;
import org.flinksec.sealed.format.WrappedKey;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.flinksec.sealed.keys.UnwrappedKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A key ring that cannot be used stops the process at start, with its directory in the message. */
class KeyRingTest {
  @TempDir Path dir;

  @Test
  void aMissingDirectoryIsNamed() {
    assertRefused(dir.resolve("nothing"), "it is not a directory");
  }

  @Test
  void aMissingPrimaryIsNamed() throws IOException {
    Path ring = TestKeys.ring(dir, "k1", 1);
    Files.delete(ring.resolve("primary"));
    assertRefused(ring, "the file 'primary', which names the key for new files, is missing");
  }

  @Test
  void aPrimaryWithoutKeyIsNamed() throws IOException {
    Path ring = TestKeys.ring(dir, "k1", 1);
    Files.writeString(ring.resolve("primary"), "k2");
    assertRefused(ring, "'primary' names the key 'k2', which is not there");
  }

  @Test
  void anExposedKeyIsRefused() throws IOException {
    Path ring = TestKeys.ring(dir, "k1", 1);
    Files.setPosixFilePermissions(ring.resolve("k1"), PosixFilePermissions.fromString("rw-r--r--"));
    assertRefused(ring, "the key file 'k1' is exposed (mode 0644)");
  }

  @Test
  void aKeyOfWrongLengthIsRefused() throws IOException {
    Path ring = TestKeys.ring(dir, "k1", 1);
    Files.write(ring.resolve("k1"), new byte[31]);
    assertRefused(ring, "the key file 'k1' must hold exactly 32 bytes, it holds 31");
  }

  @Test
  void aRingThatOthersCouldChangeIsRefused() throws IOException {
    Path ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    Path primary = ring.resolve("primary");
    Files.setPosixFilePermissions(primary, PosixFilePermissions.fromString("rw-rw-r--"));
    assertRefused(ring, "the file 'primary' can be changed by others (mode 0664)");
    Files.setPosixFilePermissions(primary, PosixFilePermissions.fromString("rw-r--r--"));

    Files.setPosixFilePermissions(ring, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertRefused(ring, "the directory " + ring + " can be changed by others (mode 0777)");
    Files.setAttribute(ring, "unix:mode", 01777);
    assertThat(TestKeys.fileSystem(ring).getUri()).hasToString("sealed+file:///");

    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertRefused(ring, "the directory " + dir + " can be changed by others (mode 0777)");
  }

  @Test
  void aMountedSecretIsAKeyRing() throws IOException {
    Path data = TestKeys.ring(dir.resolve("..2026_01_01"), "k1", 1);
    Files.setPosixFilePermissions(data.resolve("k1"), PosixFilePermissions.fromString("r--r-----"));
    Files.createSymbolicLink(dir.resolve("..data"), data.getFileName());
    Files.createSymbolicLink(dir.resolve("k1"), Path.of("..data/k1"));
    Files.createSymbolicLink(dir.resolve("primary"), Path.of("..data/primary"));

    assertThat(TestKeys.fileSystem(dir).getUri()).hasToString("sealed+file:///");
  }

  @Test
  void aKeyThatIsGoneIsNamedAndOneThatIsAddedLaterIsFound() throws IOException {
    FileSystem old = TestKeys.fileSystem(TestKeys.ring(dir.resolve("old"), "k1", 1));
    FileSystem other = TestKeys.fileSystem(TestKeys.ring(dir.resolve("new"), "k2", 2));
    Path file = dir.resolve("file");
    try (FSDataOutputStream out = other.create(TestKeys.sealed(file), WriteMode.OVERWRITE)) {
      out.write(42);
    }

    assertThatThrownBy(() -> old.open(TestKeys.sealed(file)))
        .hasMessageContaining("key 'k2' is not in the key ring " + dir.resolve("old"));
    TestKeys.addKey(dir.resolve("old"), "k2", 2);
    assertThat(old.open(TestKeys.sealed(file)).read()).isEqualTo(42);
  }

  @Test
  void aRingThatWentBadUnderARunningProcessIsNoReasonToCallAFileTampered() throws IOException {
    Path ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    FileSystem running = TestKeys.fileSystem(ring);
    Path file = dir.resolve("file");
    try (FSDataOutputStream out = running.create(TestKeys.sealed(file), WriteMode.OVERWRITE)) {
      out.write(42);
    }
    Files.write(ring.resolve("k2"), new byte[5]);
    assertThat(running.open(TestKeys.sealed(file)).read()).isEqualTo(42);

    FileSystem other = TestKeys.fileSystem(TestKeys.ring(dir.resolve("other"), "k3", 3));
    Files.write(dir.resolve("other").resolve("k4"), new byte[5]);
    assertThatThrownBy(() -> other.open(TestKeys.sealed(file)))
        .isInstanceOfSatisfying(
            SealedFileException.class, e -> assertThat(e.reason()).isEqualTo(Reason.KEY_MISSING))
        .hasMessageContaining("which cannot be read again: the key file 'k4'");
  }

  @Test
  void aKeyThatWasReadAgainOpensNothingThatItsPredecessorOpened() throws IOException {
    Path ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    DirectoryKeyRing keys = DirectoryKeyRing.open(ring);
    byte[] dataKey = new byte[32];
    dataKey[0] = 7;
    WrappedKey wrapped = keys.wrap(dataKey, TestKeys.ASSOCIATED);
    assertThat(keys.unwrap(wrapped, TestKeys.ASSOCIATED)).isEqualTo(dataKey);
    TestKeys.addKey(ring, "k1", 9);
    TestKeys.addKey(ring, "k2", 2);
    assertThat(keys.unwrap(wrapped, TestKeys.ASSOCIATED)).isEqualTo(dataKey);
    WrappedKey unknown = new WrappedKey(WrappedKey.AES_KWP, "k2", wrapped.bytes());
    assertThatThrownBy(() -> keys.unwrap(unknown, TestKeys.ASSOCIATED))
        .hasMessageContaining("was not wrapped by key 'k2'");
    assertThatThrownBy(() -> keys.unwrap(wrapped, TestKeys.ASSOCIATED))
        .hasMessageContaining("was not wrapped by key 'k1'");
  }

  @Test
  void aWrappedKeyThatDoesNotFitIsRefusedAlsoBesideOneThatDoes() throws IOException {
    DirectoryKeyRing keys = DirectoryKeyRing.open(TestKeys.ring(dir.resolve("ring"), "k1", 1));
    WrappedKey wrapped = keys.wrap(new byte[32], TestKeys.ASSOCIATED);
    for (int bit = 0; bit < 8 * wrapped.bytes().length; bit++) {
      assertThat(keys.unwrap(wrapped, TestKeys.ASSOCIATED)).isEqualTo(new byte[32]);
      byte[] altered = wrapped.bytes().clone();
      altered[bit / 8] ^= (byte) (1 << bit % 8);
      WrappedKey other = new WrappedKey(WrappedKey.AES_KWP, "k1", altered);
      assertThatThrownBy(() -> keys.unwrap(other, TestKeys.ASSOCIATED))
          .hasMessageContaining("was not wrapped by key 'k1'");
    }
    WrappedKey algorithm = new WrappedKey(2, "k1", wrapped.bytes());
    assertThatThrownBy(() -> keys.unwrap(algorithm, TestKeys.ASSOCIATED))
        .hasMessageContaining("was not wrapped by key 'k1'");
  }

  @Test
  void aThousandDataKeysAreRememberedAndNoneIsGivenAwayItself() throws IOException {
    UnwrappedKeys known = new UnwrappedKeys();
    int[] asked = {0};
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 1001; i++) {
        byte[] wrapped = {(byte) i, (byte) (i >> 8)};
        byte[] key =
            known.get(
                new WrappedKey(WrappedKey.AES_KWP, "k1", wrapped),
                TestKeys.ASSOCIATED,
                () -> {
                  asked[0]++;
                  return wrapped.clone();
                });
        assertThat(key).isEqualTo(wrapped);
        key[0]++;
      }
    }
    assertThat(asked[0]).isEqualTo(2002);
    WrappedKey last = new WrappedKey(WrappedKey.AES_KWP, "k1", new byte[] {(byte) 1000, 3});
    byte[] expected = {(byte) 1000, 3};
    assertThat(known.get(last, TestKeys.ASSOCIATED, () -> new byte[0])).isEqualTo(expected);
  }

  @Test
  void withoutAKeyRingNothingIsWrittenAndTheSettingIsNamed() {
    assertThatThrownBy(() -> TestKeys.fileSystem(new Configuration()))
        .hasMessageContaining("needs keys: set flinksec.sealed.keys to a key ring's directory");
  }

  private static void assertRefused(Path ring, String why) {
    assertThatThrownBy(() -> TestKeys.fileSystem(ring))
        .isInstanceOf(IllegalConfigurationException.class)
        .hasMessageStartingWith("flinksec.sealed.keys: key ring " + ring + ": " + why);
  }
}
