// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.flink.core.fs.ByteBufferReadable;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.core.fs.LimitedConnectionsFileSystem;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.SealedFileException.Reason;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Local files, whose batches are in direct memory that goes from stream to stream. */
class LocalFileTest {
  private static final int CHUNKS = 23;
  private static final int SIZE = CHUNKS * Layout.CHUNK + 77;
  private static final int THREADS = 3;

  @TempDir Path dir;
  private FileSystem fs;

  @BeforeEach
  void openFileSystem() throws IOException {
    fs = TestKeys.fileSystem(TestKeys.ring(dir.resolve("ring"), "k1", 1));
  }

  @Test
  void readsOfAnyKindAtAnyPlaceTellWhatWasWritten() throws IOException {
    Random random = new Random(3);
    byte[] data = TestKeys.data(SIZE);
    Path file = dir.resolve("file");
    for (int round = 0; round < 20; round++) {
      write(file, data, random);
      try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
        for (int step = 0; step < 60; step++) {
          step(in, data, random);
        }
      }
    }
  }

  /** One read, which mostly begins or ends near a border of chunks. */
  private static void step(FSDataInputStream in, byte[] data, Random random) throws IOException {
    int from = near(random);
    int size = Math.min(data.length - from, Math.max(0, near(random) - from) + random.nextInt(9));
    byte[] expected = Arrays.copyOfRange(data, from, from + size);
    ByteBuffer into =
        random.nextBoolean() ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size + 5);
    into.limit(size);
    switch (random.nextInt(3)) {
      case 0 -> {
        in.seek(from);
        assertThat(in.readNBytes(size)).isEqualTo(expected);
        return;
      }
      case 1 -> {
        in.seek(from);
        assertThat(((ByteBufferReadable) in).read(into)).isEqualTo(size);
        assertThat(in.getPos()).isEqualTo(from + size);
      }
      default -> assertThat(((ByteBufferReadable) in).read(from, into)).isEqualTo(size);
    }
    byte[] found = new byte[size];
    into.flip().get(found);
    assertThat(found).isEqualTo(expected);
  }

  private static int near(Random random) {
    int place = random.nextInt(CHUNKS + 1) * Layout.CHUNK + random.nextInt(5) - 2;
    return random.nextInt(4) == 0 ? random.nextInt(SIZE) : Math.max(0, place);
  }

  private void write(Path file, byte[] data, Random random) throws IOException {
    try (FSDataOutputStream out = fs.create(TestKeys.sealed(file), WriteMode.OVERWRITE)) {
      for (int done = 0; done < data.length; ) {
        int size = Math.min(data.length - done, 1 + random.nextInt(6 * Layout.CHUNK));
        out.write(data, done, size);
        done += size;
        if (random.nextInt(9) == 0) {
          out.sync();
        }
      }
    }
  }

  @Test
  void anAlteredByteInAnyChunkOfAnyBatchIsToldThereAndNotBefore() throws IOException {
    byte[] data = TestKeys.data(SIZE);
    Path file = dir.resolve("file");
    write(file, data, new Random(1));
    byte[] out = new byte[SIZE];
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
      for (int at : new int[] {0, Layout.CHUNK - 1, Layout.SEALED_CHUNK - 1}) {
        flip(file, Layout.chunkOffset(chunk) + at);
        Arrays.fill(out, (byte) 0x55);
        try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
          int good = chunk * Layout.CHUNK;
          assertThatThrownBy(() -> in.read(out, 0, out.length))
              .hasMessageContaining("chunk " + good / Layout.CHUNK + " is not authentic");
          assertThat(Arrays.mismatch(out, 0, good, data, 0, good)).isEqualTo(-1);
          assertThat(Arrays.copyOfRange(out, good, good + Layout.CHUNK)).containsOnly(0);
          assertThat(Arrays.copyOfRange(out, good + Layout.CHUNK, SIZE)).containsOnly(0x55);
          assertThatThrownBy(in::read).hasMessageContaining("earlier read failed");
        }
        flip(file, Layout.chunkOffset(chunk) + at);
      }
    }
  }

  private static void flip(Path file, long at) throws IOException {
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.seek(at);
      int one = raw.read();
      raw.seek(at);
      raw.write(one ^ 0x10);
    }
  }

  @Test
  void aFileThatIsCutWhileItIsReadEndsWithAnErrorAndNoOlderBytes() throws IOException {
    byte[] data = TestKeys.data(SIZE);
    Path file = dir.resolve("file");
    for (int chunk = 2; chunk < CHUNKS; chunk++) {
      for (int shift : new int[] {-1, 0, 1, Layout.TAG}) {
        write(file, data, new Random(chunk));
        try (FSDataInputStream in = fs.open(TestKeys.sealed(file));
            RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
          int before = Layout.CHUNK + 1;
          assertThat(in.readNBytes(before)).isEqualTo(Arrays.copyOf(data, before));
          raw.setLength(Layout.chunkOffset(chunk) + shift);
          byte[] out = new byte[SIZE];
          int[] done = {0};
          assertThatThrownBy(
                  () -> {
                    while (in.read(out, done[0], 1000) > 0) {
                      done[0] += 1000;
                    }
                  })
              .isInstanceOfSatisfying(
                  SealedFileException.class,
                  e -> assertThat(e.reason()).isEqualTo(Reason.TRUNCATED));
          assertThat(Arrays.mismatch(out, 0, done[0], data, before, before + done[0]))
              .isEqualTo(-1);
          assertThatThrownBy(in::read).hasMessageContaining("earlier read failed");
        }
      }
    }
  }

  @Test
  void anInterruptEndsNoFile() throws IOException {
    byte[] data = TestKeys.data(SIZE);
    Path file = dir.resolve("file");
    Thread.currentThread().interrupt();
    try {
      write(file, data, new Random(2));
      try (FSDataInputStream in = fs.open(TestKeys.sealed(file))) {
        assertThat(in.readAllBytes()).isEqualTo(data);
        in.seek(5);
        assertThat(in.read()).isEqualTo(Byte.toUnsignedInt(data[5]));
      }
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
  }

  /** Streams that are read, interrupted and closed by others at any moment, and ever new ones. */
  @Test
  void aStreamThatIsClosedDuringItsReadLeavesItsMemoryAndItsNumberToNobodyElse() throws Exception {
    int open = openFiles();
    int large = LargeStreams.open();
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> results = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int seed = i;
        results.add(threads.submit(() -> closedByOthers(new Random(seed), seed)));
      }
      for (Future<?> result : results) {
        result.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(openFiles()).isLessThanOrEqualTo(open + THREADS);
    assertThat(LargeStreams.open()).isEqualTo(large);
  }

  private Void closedByOthers(Random random, int seed) throws Exception {
    byte[] data = TestKeys.data(SIZE + seed);
    Path file = dir.resolve("file" + seed);
    for (int round = 0; round < 25; round++) {
      boolean writes = random.nextInt(3) == 0;
      if (writes || round == 0) {
        write(file, data, random);
      }
      FSDataInputStream in = fs.open(TestKeys.sealed(file));
      FSDataOutputStream abandoned =
          fs.create(TestKeys.sealed(dir.resolve("abandoned" + seed)), WriteMode.OVERWRITE);
      int wait = random.nextInt(400);
      Thread closer =
          new Thread(
              () -> {
                for (int i = 0; i < wait * 1000; i++) {
                  Thread.onSpinWait();
                }
                closeQuietly(in);
                closeQuietly(abandoned);
              });
      closer.start();
      try {
        for (int piece = 0; piece < 40; piece++) {
          in.seek(0);
          assertThat(in.readNBytes(data.length)).isEqualTo(data);
          abandoned.write(data);
        }
      } catch (IOException e) {
        assertThat(e.getMessage()).containsAnyOf("closed", "earlier", "abandon");
      }
      closer.join();
    }
    return null;
  }

  private static void closeQuietly(AutoCloseable stream) {
    try {
      stream.close();
    } catch (Exception e) {
      assertThat(e).hasMessageContaining("closed during a write");
    }
  }

  private static int openFiles() {
    String[] names = new java.io.File("/proc/self/fd").list();
    return names == null ? 0 : names.length;
  }

  @Test
  void afterItsCloseAFileIsNeitherReadNorWritten() throws IOException {
    Path path = dir.resolve("file");
    LocalFile made = LocalFile.create(path, false);
    made.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    made.close();
    made.close();
    assertThatThrownBy(() -> made.write(ByteBuffer.allocate(1))).hasMessage("the file was closed");
    assertThatThrownBy(made::sync).hasMessage("the file was closed");
    assertThat(path).hasBinaryContent(new byte[] {1, 2, 3});
    LocalFile opened = LocalFile.open(path);
    assertThat(opened.read(1, ByteBuffer.allocate(9))).isEqualTo(2);
    assertThat(opened.read(3, ByteBuffer.allocate(9))).isEqualTo(-1);
    opened.close();
    assertThatThrownBy(() -> opened.read(0, ByteBuffer.allocate(1)))
        .hasMessage("the file was closed");
  }

  @Test
  void whatIsInTheWayIsToldAsFlinksOwnFileSystemTellsIt() throws IOException {
    Path file = Files.write(dir.resolve("there"), new byte[] {7});
    assertThatThrownBy(() -> fs.create(TestKeys.sealed(file), WriteMode.NO_OVERWRITE))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(file).hasBinaryContent(new byte[] {7});
    assertThatThrownBy(() -> fs.create(TestKeys.sealed(file.resolve("below")), WriteMode.OVERWRITE))
        .isInstanceOf(IOException.class);
    for (Path nothing : List.of(dir.resolve("none"), dir.resolve("no/ne"), file.resolve("below"))) {
      assertThatThrownBy(() -> fs.open(TestKeys.sealed(nothing)))
          .isInstanceOf(FileNotFoundException.class);
    }
    assertThatThrownBy(() -> fs.open(TestKeys.sealed(dir))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> fs.create(TestKeys.sealed(dir), WriteMode.OVERWRITE))
        .isInstanceOf(IOException.class);
  }

  @Test
  void whateverIsAroundFlinksLocalFileSystemIsNotGoneAround() {
    FileSystem local = LocalFileSystem.getSharedInstance();
    assertThat(InnerFileSystem.isFlinksLocal(local)).isTrue();
    assertThat(InnerFileSystem.isFlinksLocal(new LimitedConnectionsFileSystem(local, 2))).isFalse();
    assertThat(InnerFileSystem.isFlinksLocal(new FaultyFileSystem())).isFalse();
  }

  @Test
  void directMemoryThatWasGivenBackIsTakenByOneOnly() {
    ByteBuffer one = DirectMemory.take();
    one.put((byte) 1);
    DirectMemory.giveBack(one);
    List<ByteBuffer> taken = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      taken.add(DirectMemory.take());
    }
    assertThat(taken.stream().filter(buffer -> buffer == one).count()).isEqualTo(1);
    assertThat(one.position()).isZero();
    DirectMemory.giveBack(ByteBuffer.allocate(DirectMemory.SIZE));
    assertThat(DirectMemory.take().isDirect()).isTrue();
    taken.forEach(DirectMemory::giveBack);
  }
}
