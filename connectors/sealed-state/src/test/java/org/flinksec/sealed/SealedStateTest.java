// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.ObjectName;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.flinksec.sealed.format.Layout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the process shows of its sealed files; the counters of one JVM are compared with before. */
class SealedStateTest {
  @TempDir Path dir;
  private Path file;
  private FileSystem fs;
  private long unseals;
  private long unwraps;

  @BeforeEach
  void write() throws Exception {
    fs = TestKeys.fileSystem(TestKeys.ring(dir.resolve("ring"), "k1", 1));
    file = dir.resolve("file");
    try (FSDataOutputStream out = fs.create(TestKeys.sealed(file), WriteMode.NO_OVERWRITE)) {
      out.write(TestKeys.data(50_000));
    }
    unseals = (long) shown("FailedUnseals");
    unwraps = (long) shown("FailedUnwraps");
  }

  @Test
  void theKeyIsThatOfTheFileSystemThatWasConfiguredLast() throws Exception {
    assertThat(shown("KeyId")).isEqualTo("k1");
    TestKeys.fileSystem(TestKeys.ring(dir.resolve("another"), "k2", 2));
    assertThat(shown("KeyId")).isEqualTo("k2");
  }

  @Test
  void anAlteredFileIsCountedWhenItIsOpenedAndWhenItIsRead() throws Exception {
    byte[] content = Files.readAllBytes(file);
    alter(content, content.length - 1);
    assertThatThrownBy(() -> fs.open(TestKeys.sealed(file))).isInstanceOf(IOException.class);
    assertCounted(1, 0);
    alter(content, (int) Layout.chunkOffset(1));
    try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
      assertThatThrownBy(() -> in.readNBytes(50_000)).isInstanceOf(IOException.class);
    }
    assertCounted(2, 0);
  }

  @Test
  void aFileThatIsNotSealedIsCounted() throws Exception {
    Files.writeString(file, "in clear");
    assertThatThrownBy(() -> fs.open(TestKeys.sealed(file))).isInstanceOf(IOException.class);
    assertCounted(1, 0);
  }

  @Test
  void aMissingKeyIsCountedApart() throws Exception {
    FileSystem other = TestKeys.fileSystem(TestKeys.ring(dir.resolve("another"), "k2", 2));
    assertThatThrownBy(() -> other.open(TestKeys.sealed(file))).isInstanceOf(IOException.class);
    assertCounted(0, 1);
  }

  @Test
  void whatIsNotAboutTheSealIsNotCounted() throws Exception {
    assertThatThrownBy(() -> fs.open(TestKeys.sealed(dir.resolve("none"))))
        .isInstanceOf(FileNotFoundException.class);
    try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
      assertThat(in.readNBytes(50_000)).isEqualTo(TestKeys.data(50_000));
    }
    assertCounted(0, 0);
  }

  private void alter(byte[] whole, int at) throws IOException {
    byte[] altered = whole.clone();
    altered[at] ^= 1;
    Files.write(file, altered);
  }

  private void assertCounted(long unsealed, long unwrapped) throws Exception {
    assertThat((long) shown("FailedUnseals") - unseals).isEqualTo(unsealed);
    assertThat((long) shown("FailedUnwraps") - unwraps).isEqualTo(unwrapped);
  }

  private static Object shown(String attribute) throws Exception {
    return ManagementFactory.getPlatformMBeanServer()
        .getAttribute(new ObjectName(SealedState.NAME), attribute);
  }
}
