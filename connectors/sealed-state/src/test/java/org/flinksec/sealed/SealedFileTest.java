// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.core.fs.ByteBufferReadable;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.SealedFileException.Reason;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file's contents survive sealing, and nothing but the whole file is ever read. */
class SealedFileTest {
  @TempDir Path dir;
  private FileSystem fs;

  @BeforeEach
  void openFileSystem() throws IOException {
    fs = TestKeys.fileSystem(TestKeys.ring(dir.resolve("ring"), "k1", 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16383, 16384, 16385, 32768, 5_000_000})
  void readsBackWhatWasWritten(int size) throws IOException {
    byte[] data = TestKeys.data(size);
    Path file = write("file", data);

    assertThat(Files.size(file)).isEqualTo(Layout.fileLength(size));
    assertThat(fs.getFileStatus(TestKeys.sealed(file)).getLen()).isEqualTo(size);
    assertThat(read(file)).isEqualTo(data);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 4096, 16384, 20000})
  void anyStepOfWritingAndReadingGivesTheSameFile(int step) throws IOException {
    byte[] data = TestKeys.data(100_000);
    Path file = dir.resolve("steps");
    try (FSDataOutputStream out = fs.create(TestKeys.sealed(file), WriteMode.NO_OVERWRITE)) {
      for (int i = 0; i < data.length; i += step) {
        assertThat(out.getPos()).isEqualTo(i);
        out.write(data, i, Math.min(step, data.length - i));
      }
    }
    byte[] result = new byte[data.length];
    try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
      for (int i = 0; i < result.length; i += step) {
        assertThat(in.getPos()).isEqualTo(i);
        assertThat(in.readNBytes(result, i, Math.min(step, result.length - i))).isPositive();
      }
      assertThat(in.read()).isEqualTo(-1);
    }
    assertThat(result).isEqualTo(data);
  }

  @Test
  void seeksToAnyPosition() throws IOException {
    byte[] data = TestKeys.data(200_000);
    Path file = write("seek", data);
    try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
      for (int position : new int[] {199_999, 0, 16383, 16384, 150_000, 16385, 65536, 100}) {
        in.seek(position);
        assertThat(in.getPos()).isEqualTo(position);
        assertThat(in.read()).isEqualTo(Byte.toUnsignedInt(data[position]));
      }
      in.seek(data.length);
      assertThat(in.read()).isEqualTo(-1);
      assertThatThrownBy(() -> in.seek(data.length + 1)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void readsByteBuffersAtPositionsWithoutMovingTheStream() throws IOException {
    byte[] data = TestKeys.data(50_000);
    Path file = write("buffers", data);
    try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
      for (ByteBuffer buffer :
          new ByteBuffer[] {ByteBuffer.allocate(20_000), ByteBuffer.allocateDirect(20_000)}) {
        assertThat(((ByteBufferReadable) in).read(10_000, buffer)).isEqualTo(20_000);
        byte[] got = new byte[20_000];
        buffer.flip().get(got);
        assertThat(got).isEqualTo(Arrays.copyOfRange(data, 10_000, 30_000));
        assertThat(in.getPos()).isZero();
      }
    }
  }

  @Test
  void everyFlippedBitOfASmallFileIsDetected() throws IOException {
    Path file = write("flip", TestKeys.data(100));
    byte[] good = Files.readAllBytes(file);
    for (int i = 0; i < good.length; i++) {
      if (i >= Layout.CONTEXT + Layout.SLOT && i < Layout.HEADER) {
        continue; // Slot B is empty: a torn slot counts as empty too.
      }
      byte[] bad = good.clone();
      bad[i] ^= (byte) (1 << (i % 8));
      Files.write(file, bad);
      assertThatThrownBy(() -> read(file)).as("byte " + i).isInstanceOf(SealedFileException.class);
    }
  }

  @Test
  void aFlipInAMiddleChunkFailsThatReadAndEveryLaterOne() throws IOException {
    Path file = write("sticky", TestKeys.data(60_000));
    byte[] bad = Files.readAllBytes(file);
    bad[(int) Layout.chunkOffset(1) + 5] ^= 1;
    Files.write(file, bad);
    try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
      byte[] buffer = new byte[16384];
      assertThat(in.read(buffer)).isEqualTo(16384);
      assertThatThrownBy(() -> in.read(buffer)).hasMessageContaining("chunk 1 is not authentic");
      assertThatThrownBy(in::read).hasMessageContaining("earlier read failed");
    }
  }

  @Test
  void truncationAtEveryLengthOfASmallFileIsDetected() throws IOException {
    Path file = write("cut", TestKeys.data(50));
    byte[] good = Files.readAllBytes(file);
    for (int length = 0; length < good.length; length++) {
      Files.write(file, Arrays.copyOf(good, length));
      assertThatThrownBy(() -> read(file))
          .as("length " + length)
          .isInstanceOf(SealedFileException.class);
    }
  }

  @Test
  void truncationAroundEveryChunkBoundaryIsDetected() throws IOException {
    Path file = write("cuts", TestKeys.data(70_000));
    byte[] good = Files.readAllBytes(file);
    for (int chunk = 0; chunk <= 4; chunk++) {
      for (int shift : new int[] {-1, 0, 1, 15, 16, 17}) {
        int length = (int) Layout.chunkOffset(chunk) + shift;
        Files.write(file, Arrays.copyOf(good, length));
        assertThatThrownBy(() -> read(file))
            .as("length " + length)
            .isInstanceOf(SealedFileException.class);
      }
    }
  }

  @Test
  void plaintextIsRefused() throws IOException {
    Path file = Files.writeString(dir.resolve("plain"), "{\"not\": \"sealed\"}");
    assertThat(reasonOf(file)).isEqualTo(Reason.PLAINTEXT);
  }

  @Test
  void aCheckpointFileUnderAnothersNameIsRefusedAndAnHaFileIsNot() throws IOException {
    Path one = write("job/chk-1/_metadata", TestKeys.data(10));
    Path two = Files.createDirectories(dir.resolve("job/chk-2")).resolve("_metadata");
    Files.copy(one, two);
    assertThat(reasonOf(two)).isEqualTo(Reason.FOREIGN);

    Path dirty = write("ha/job_DIRTY.json", TestKeys.data(10));
    fs.rename(TestKeys.sealed(dirty), TestKeys.sealed(dir.resolve("ha/job.json")));
    assertThat(read(dir.resolve("ha/job.json"))).isEqualTo(TestKeys.data(10));

    Files.copy(dir.resolve("ha/job.json"), dir.resolve("job/chk-2/other"));
    assertThat(reasonOf(dir.resolve("job/chk-2/other"))).isEqualTo(Reason.FOREIGN);
  }

  @Test
  void aCheckpointOfAnotherJobOfTheSameIdIsRefusedAlthoughTheRingIsTheSame() throws IOException {
    String id = "0".repeat(31) + "1";
    for (String name :
        List.of(
            "checkpoints/" + id + "/chk-42/_metadata",
            "job/" + id + "/shared/0f",
            "high-availability/flink/completedCheckpoint00ff",
            "high-availability/flink/submittedExecutionPlan00ff",
            "high-availability/flink/blob/job_" + id + "/blob_p-0f")) {
      Path ours = write("eu/" + name, TestKeys.data(10));
      assertThat(read(ours)).isEqualTo(TestKeys.data(10));
      Path theirs = write("us/" + name, TestKeys.data(20));
      Files.copy(theirs, ours, StandardCopyOption.REPLACE_EXISTING);
      assertThat(reasonOf(ours)).as(name).isEqualTo(Reason.FOREIGN);
    }
  }

  private Reason reasonOf(Path file) {
    try {
      read(file);
      throw new AssertionError("read a file that is not whole: " + file);
    } catch (SealedFileException e) {
      assertThat(e).hasMessageContaining(file.toString());
      return e.reason();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Path write(String name, byte[] data) throws IOException {
    Path file = dir.resolve(name);
    Files.createDirectories(file.getParent());
    try (FSDataOutputStream out = fs.create(TestKeys.sealed(file), WriteMode.OVERWRITE)) {
      out.write(data);
    }
    return file;
  }

  private byte[] read(Path file) throws IOException {
    try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
      return in.readAllBytes();
    }
  }
}
