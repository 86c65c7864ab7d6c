// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.core.fs.ByteBufferReadable;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataInputStreamWrapper;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FSDataOutputStreamWrapper;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.flinksec.sealed.format.CipherRate;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.NamePolicy;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a sealed file is moved: in what pieces, and how few of them. */
class InnerCallsTest {
  private static final int BATCH = 4;
  private static final int BATCH_BESIDE = 16;
  private static final int MIB = 1 << 20;

  @TempDir Path dir;
  private final Recorder inner = new Recorder();
  private final long rate = CipherRate.assume(Long.MAX_VALUE);
  private SealedFileSystem fs;

  @BeforeEach
  void openFileSystem() throws IOException {
    Path ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    Sealing sealing = new Sealing(DirectoryKeyRing.open(ring), "", null, NamePolicy.ENFORCE);
    fs = new SealedFileSystem(inner, URI.create("sealed+recorded:///"), "recorded", sealing);
  }

  @AfterEach
  void forgetTheRate() {
    CipherRate.assume(rate);
  }

  @Test
  void aSmallFileIsWrittenInOnePieceAndReadInOnePiece() throws IOException {
    byte[] data = write(8192);
    assertThat(inner.calls).containsExactly("write " + Layout.fileLength(8192));
    inner.calls.clear();
    assertThat(readAll()).isEqualTo(data);
    assertThat(inner.calls).containsExactly("read " + Layout.fileLength(8192));
  }

  @Test
  void aFileOfMoreThanOneChunkIsReadFromItsHeaderItsLastChunkAndThenOn() throws IOException {
    byte[] data = write(Layout.CHUNK + 5);
    inner.calls.clear();
    assertThat(readAll()).isEqualTo(data);
    assertThat(inner.calls)
        .containsExactly(
            "read " + Layout.PREFIX,
            "seek " + Layout.chunkOffset(1),
            "read " + (5 + Layout.TAG),
            "seek " + Layout.chunkOffset(0),
            "read " + Layout.SEALED_CHUNK);
  }

  @Test
  void noPieceOfALargeFileIsLargerThanABatch() throws IOException {
    byte[] data = write(4 * MIB + 77);
    int limit = (BATCH + 1) * Layout.SEALED_CHUNK;
    assertThat(sizes("write")).hasSizeBetween(64, 66).allMatch(size -> size <= limit);
    inner.calls.clear();
    assertThat(readAll()).isEqualTo(data);
    assertThat(sizes("read")).allMatch(size -> size <= BATCH * Layout.SEALED_CHUNK);
    assertThat(sizes("read").size()).isLessThan(75);
    assertThat(sizes("seek")).hasSize(2);
  }

  @Test
  void withASecondThreadBatchesGrow() throws IOException {
    CipherRate.assume(1);
    int processors = LargeStreams.assumeProcessors(2);
    try {
      byte[] data = write(4 * MIB + 77);
      int limit = (BATCH_BESIDE + 1) * Layout.SEALED_CHUNK;
      assertThat(sizes("write")).hasSizeBetween(28, 30).allMatch(size -> size <= limit);
      inner.calls.clear();
      assertThat(readAll()).isEqualTo(data);
      assertThat(sizes("read")).allMatch(size -> size <= BATCH_BESIDE * Layout.SEALED_CHUNK);
      assertThat(sizes("read").size()).isLessThan(40);
    } finally {
      LargeStreams.assumeProcessors(processors);
    }
  }

  @Test
  void aReadSomewhereFetchesTheChunksItTouchesAtOnceAndNoOther() throws IOException {
    byte[] data = write(4 * MIB);
    try (FSDataInputStream in = fs.open(path())) {
      for (int at : new int[] {100 * Layout.CHUNK + 7, 50 * Layout.CHUNK - 1, 3 * Layout.CHUNK}) {
        inner.calls.clear();
        in.seek(at);
        assertThat(in.readNBytes(4096)).isEqualTo(Arrays.copyOfRange(data, at, at + 4096));
        int chunks = (at + 4095) / Layout.CHUNK - at / Layout.CHUNK + 1;
        assertThat(sizes("read")).containsExactly((long) chunks * Layout.SEALED_CHUNK);
      }
    }
  }

  @Test
  void aChunkThatIsReadInPartsIsFetchedOnce() throws IOException {
    byte[] data = write(4 * MIB);
    try (FSDataInputStream in = fs.open(path())) {
      in.seek(40 * Layout.CHUNK);
      inner.calls.clear();
      assertThat(in.readNBytes(100)).isEqualTo(copy(data, 40 * Layout.CHUNK, 100));
      in.seek(40 * Layout.CHUNK + 9000);
      assertThat(in.readNBytes(200)).isEqualTo(copy(data, 40 * Layout.CHUNK + 9000, 200));
      assertThat(sizes("read")).hasSize(1);
    }
  }

  @Test
  void nothingOfAChunkThatIsNotAuthenticReachesTheCallersArray() throws IOException {
    byte[] data = write(MIB);
    inner.flipped = Layout.chunkOffset(20) + 10_000;
    byte[] out = new byte[MIB];
    Arrays.fill(out, (byte) 0x55);
    try (FSDataInputStream in = fs.open(path())) {
      assertThatThrownBy(() -> in.read(out, 0, out.length))
          .isInstanceOf(SealedFileException.class)
          .hasMessageContaining("chunk 20 is not authentic");
      int bad = 20 * Layout.CHUNK;
      assertThat(copy(out, 0, bad)).isEqualTo(copy(data, 0, bad));
      assertThat(copy(out, bad, Layout.CHUNK)).containsOnly(0);
      assertThat(copy(out, bad + Layout.CHUNK, 1000)).containsOnly(0x55);
      assertThatThrownBy(in::read).hasMessageContaining("earlier read failed");
    }
  }

  @Test
  void anErrorInABatchShowsWhereItIsAndNotBefore() throws IOException {
    byte[] data = write(MIB);
    inner.flipped = Layout.chunkOffset(40) + 1;
    try (FSDataInputStream in = fs.open(path())) {
      assertThat(in.readNBytes(40 * Layout.CHUNK)).isEqualTo(copy(data, 0, 40 * Layout.CHUNK));
      assertThatThrownBy(in::read).hasMessageContaining("chunk 40 is not authentic");
      assertThatThrownBy(() -> ((ByteBufferReadable) in).read(0, ByteBuffer.allocate(1)))
          .hasMessageContaining("earlier read failed");
    }
  }

  @Test
  void anErrorOfTheJvmEndsTheFileLikeAnyOther() throws IOException {
    FSDataOutputStream out = fs.create(path(), WriteMode.OVERWRITE);
    inner.error = new OutOfMemoryError("of the test");
    assertThatThrownBy(() -> out.write(new byte[MIB])).isSameAs(inner.error);
    inner.error = null;
    assertThatThrownBy(() -> out.write(1)).hasMessageContaining("failed earlier");
    assertThatThrownBy(out::close).hasMessageContaining("an earlier write failed");
    assertThatThrownBy(() -> fs.open(path())).isInstanceOf(SealedFileException.class);
  }

  private byte[] write(int size) throws IOException {
    byte[] data = TestKeys.data(size);
    try (FSDataOutputStream out = fs.create(path(), WriteMode.OVERWRITE)) {
      out.write(data);
    }
    return data;
  }

  private byte[] readAll() throws IOException {
    try (FSDataInputStream in = fs.open(path())) {
      return in.readAllBytes();
    }
  }

  private static byte[] copy(byte[] bytes, int from, int size) {
    return Arrays.copyOfRange(bytes, from, from + size);
  }

  private List<Long> sizes(String call) {
    return inner.calls.stream()
        .filter(made -> made.startsWith(call + " "))
        .map(made -> Long.parseLong(made.substring(call.length() + 1)))
        .toList();
  }

  private org.apache.flink.core.fs.Path path() {
    return new org.apache.flink.core.fs.Path("sealed+recorded://" + dir.resolve("file"));
  }

  /** A local file system that writes down what is moved, and can alter one byte that is read. */
  private static final class Recorder extends LocalFileSystem {
    final List<String> calls = new ArrayList<>();
    long flipped = -1;
    Error error;

    @Override
    public FSDataInputStream open(org.apache.flink.core.fs.Path path) throws IOException {
      return new FSDataInputStreamWrapper(super.open(local(path))) {
        @Override
        public void seek(long target) throws IOException {
          calls.add("seek " + target);
          super.seek(target);
        }

        @Override
        public int read(byte[] out, int offset, int size) throws IOException {
          long at = getPos();
          int count = super.read(out, offset, size);
          calls.add("read " + count);
          if (at <= flipped && flipped < at + count) {
            out[offset + (int) (flipped - at)] ^= 1;
          }
          return count;
        }
      };
    }

    @Override
    public FSDataOutputStream create(org.apache.flink.core.fs.Path path, WriteMode mode)
        throws IOException {
      return new FSDataOutputStreamWrapper(super.create(local(path), mode)) {
        @Override
        public void write(byte[] bytes, int offset, int size) throws IOException {
          if (error != null) {
            throw error;
          }
          calls.add("write " + size);
          super.write(bytes, offset, size);
        }
      };
    }

    private static org.apache.flink.core.fs.Path local(org.apache.flink.core.fs.Path path) {
      return new org.apache.flink.core.fs.Path(path.getPath());
    }
  }
}
