// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.core.fs.BlockLocation;
import org.apache.flink.core.fs.ByteBufferReadable;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Flink's callers count on, and Flink's own local file system does. */
class SealedFileSystemTest {
  @TempDir Path dir;
  private Path ring;
  private FileSystem fs;

  @BeforeEach
  void openFileSystem() throws IOException {
    ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    fs = TestKeys.fileSystem(ring);
  }

  @Test
  void listingsTellPlaintextLengthsUnderSealedPaths() throws IOException {
    write("list/a", 20_000);
    write("list/b", 0);
    Files.createDirectory(dir.resolve("list/c"));
    FileStatus[] found = fs.listStatus(path("list"));
    Arrays.sort(found, (one, two) -> one.getPath().compareTo(two.getPath()));
    assertThat(found)
        .extracting(FileStatus::getPath)
        .containsExactly(path("list/a"), path("list/b"), path("list/c"));
    assertThat(found[0].getLen()).isEqualTo(20_000);
    assertThat(found[1].getLen()).isZero();
    assertThat(found[2].isDir()).isTrue();
  }

  @Test
  void aMissingPathIsAnsweredAsTheLocalFileSystemDoes() throws IOException {
    assertThat(fs.listStatus(path("nothing"))).isNull();
    assertThat(fs.exists(path("nothing"))).isFalse();
    assertThat(fs.delete(path("nothing"), true)).isFalse();
    assertThat(fs.rename(path("nothing"), path("else"))).isFalse();
    assertThatThrownBy(() -> fs.getFileStatus(path("nothing")))
        .isInstanceOf(FileNotFoundException.class);
    assertThatThrownBy(() -> fs.open(path("nothing"))).isInstanceOf(FileNotFoundException.class);
  }

  @Test
  void anExistingFileIsReplacedOnlyWhenAskedTo() throws IOException {
    write("file", 10);
    assertThatThrownBy(() -> fs.create(path("file"), WriteMode.NO_OVERWRITE))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(read("file")).isEqualTo(TestKeys.data(10));
    write("file", 5);
    assertThat(read("file")).isEqualTo(TestKeys.data(5));
  }

  @Test
  void parentsAreMadeWithAFile() throws IOException {
    try (FSDataOutputStream out = fs.create(path("a/b/c/file"), WriteMode.NO_OVERWRITE)) {
      out.write(1);
    }
    assertThat(read("a/b/c/file")).containsExactly(1);
    assertThat(fs.mkdirs(path("d/e/f"))).isTrue();
    assertThat(dir.resolve("d/e/f")).isDirectory();
  }

  @Test
  void aRenameReplacesItsTarget() throws IOException {
    write("from", 10);
    write("to", 20);
    assertThat(fs.rename(path("from"), path("to"))).isTrue();
    assertThat(fs.exists(path("from"))).isFalse();
    assertThat(read("to")).isEqualTo(TestKeys.data(10));
    fs.mkdirs(path("other"));
    assertThat(fs.rename(path("to"), path("other/to"))).isTrue();
    assertThat(read("other/to")).isEqualTo(TestKeys.data(10));
  }

  @Test
  void aWriterThatCouldContinueAFileIsRefused() {
    assertThatThrownBy(() -> fs.createRecoverableWriter())
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("not for a FileSink");
  }

  @Test
  void copiesAreNeverMadeOfCiphertext() throws IOException {
    assertThat(fs.canCopyPaths(path("a"), path("b"))).isFalse();
  }

  @Test
  void oneBlockSpansTheWholePlaintext() throws IOException {
    write("file", 50_000);
    FileStatus status = fs.getFileStatus(path("file"));
    BlockLocation[] blocks = fs.getFileBlockLocations(status, 0, status.getLen());
    assertThat(blocks).hasSize(1);
    assertThat(blocks[0].getOffset()).isZero();
    assertThat(blocks[0].getLength()).isEqualTo(50_000);
  }

  @Test
  void skippingAndWhatIsAvailableCountPlaintext() throws IOException {
    write("file", 50_000);
    try (FSDataInputStream in = fs.open(path("file"))) {
      assertThat(in.available()).isEqualTo(50_000);
      assertThat(in.skip(20_000)).isEqualTo(20_000);
      assertThat(in.getPos()).isEqualTo(20_000);
      assertThat(in.read()).isEqualTo(Byte.toUnsignedInt(TestKeys.data(50_000)[20_000]));
      assertThat(in.skip(-5)).isZero();
      assertThat(in.skip(Long.MAX_VALUE)).isEqualTo(29_999);
      assertThat(in.available()).isZero();
      assertThat(in.read()).isEqualTo(-1);
      assertThat(in.read(new byte[1], 0, 0)).isZero();
      assertThatThrownBy(() -> in.seek(-1)).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void byteBuffersAreReadAtTheStreamsPositionAndAtAny() throws IOException {
    byte[] data = TestKeys.data(50_000);
    write("file", 50_000);
    try (FSDataInputStream in = fs.open(path("file"))) {
      ByteBufferReadable readable = (ByteBufferReadable) in;
      for (ByteBuffer buffer :
          new ByteBuffer[] {
            ByteBuffer.allocate(100),
            ByteBuffer.allocateDirect(100),
            ByteBuffer.allocate(300).position(7).slice(50, 100)
          }) {
        in.seek(16_350);
        assertThat(readable.read(buffer)).isEqualTo(100);
        assertThat(bytesOf(buffer)).isEqualTo(Arrays.copyOfRange(data, 16_350, 16_450));
        assertThat(in.getPos()).isEqualTo(16_450);
        buffer.clear();
        assertThat(readable.read(49_950, buffer)).isEqualTo(50);
        assertThat(in.getPos()).isEqualTo(16_450);
        assertThat(readable.read(50_000, buffer)).isEqualTo(-1);
        assertThatThrownBy(() -> readable.read(-1, buffer)).isInstanceOf(EOFException.class);
        buffer.position(buffer.limit());
        assertThat(readable.read(0, buffer)).isZero();
      }
    }
  }

  @Test
  void manyThreadsReadOneStreamAtTheirPositions() throws Exception {
    byte[] data = TestKeys.data(1_000_000);
    write("file", data.length);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try (FSDataInputStream in = fs.open(path("file"))) {
      List<Callable<Boolean>> reads =
          IntStream.range(0, 400)
              .mapToObj(
                  i -> (Callable<Boolean>) () -> readsRight(in, data, (i * 7919 * 31) % 990_000))
              .toList();
      for (Future<Boolean> read : pool.invokeAll(reads)) {
        assertThat(read.get()).isTrue();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void mergedCheckpointFilesAreRefusedAtStart() {
    Configuration config =
        new Configuration()
            .set(DirectoryKeyRing.KEYS, ring.toString())
            .set(SealedOptions.CHECKPOINTS, "sealed+file:///state")
            .set(SealedOptions.FILE_MERGING, true);
    assertThatThrownBy(() -> TestKeys.fileSystem(config))
        .isInstanceOf(IllegalConfigurationException.class)
        .hasMessageStartingWith(
            "execution.checkpointing.file-merging.enabled: true cannot be used");
    config.set(SealedOptions.CHECKPOINTS, "file:///state");
    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> TestKeys.fileSystem(config)))
        .isNull();
  }

  @Test
  void itsHomeAndWorkingDirectoryAreSealedPaths() {
    assertThat(fs.getHomeDirectory().toUri().getScheme()).isEqualTo("sealed+file");
    assertThat(fs.getWorkingDirectory().toUri().getScheme()).isEqualTo("sealed+file");
    assertThat(fs.isDistributedFS()).isFalse();
  }

  private static boolean readsRight(FSDataInputStream in, byte[] data, int at) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(10_000);
    ((ByteBufferReadable) in).read(at, buffer);
    return Arrays.equals(bytesOf(buffer), Arrays.copyOfRange(data, at, at + 10_000));
  }

  private static byte[] bytesOf(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.position()];
    buffer.get(0, bytes);
    return bytes;
  }

  private org.apache.flink.core.fs.Path path(String name) {
    return TestKeys.sealed(dir.resolve(name));
  }

  private void write(String name, int size) throws IOException {
    try (FSDataOutputStream out = fs.create(path(name), WriteMode.OVERWRITE)) {
      out.write(TestKeys.data(size));
    }
    assertThat(Files.size(dir.resolve(name))).isEqualTo(Layout.fileLength(size));
  }

  private byte[] read(String name) throws IOException {
    try (FSDataInputStream in = fs.open(path(name))) {
      return in.readAllBytes();
    }
  }
}
