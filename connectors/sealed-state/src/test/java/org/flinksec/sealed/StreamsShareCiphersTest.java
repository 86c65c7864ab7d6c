// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.NamePolicy;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams that take turns, fail, are closed twice, or closed by others, share no cipher. */
class StreamsShareCiphersTest {
  private static final int THREADS = 3;
  private static final int PAIRS = 60;

  @TempDir Path dir;
  private final FaultyFileSystem inner = new FaultyFileSystem();
  private final ThreadLocal<Boolean> fails = ThreadLocal.withInitial(() -> false);
  private SealedFileSystem fs;

  @BeforeEach
  void openFileSystem() throws IOException {
    Path ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    Sealing sealing = new Sealing(DirectoryKeyRing.open(ring), "", null, NamePolicy.ENFORCE);
    fs = new SealedFileSystem(inner, URI.create("sealed+fault:///"), "fault", sealing);
    inner.duringWrite =
        () -> {
          if (fails.get()) {
            throw new IllegalStateException("of the test");
          }
        };
  }

  @Test
  void whateverOthersDoAFileThatClosedWellReadsAsItWasWrittenAndNoOtherDoes() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> results = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        int seed = thread;
        results.add(
            threads.submit(
                () -> {
                  Random random = new Random(seed);
                  for (int pair = 0; pair < PAIRS; pair++) {
                    pair(random, seed + "-" + pair);
                  }
                  return null;
                }));
      }
      for (Future<?> result : results) {
        result.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private final class Written {
    final String name;
    final byte[] data;
    final FSDataOutputStream out;
    int done;
    boolean failed;

    Written(Random random, String name) throws IOException {
      this.name = name;
      data = new byte[random.nextInt(12 * Layout.CHUNK)];
      random.nextBytes(data);
      out = fs.create(path(name), WriteMode.OVERWRITE);
    }

    void piece(Random random) {
      int size = Math.min(data.length - done, 1 + random.nextInt(3 * Layout.CHUNK));
      fails.set(random.nextInt(30) == 0);
      try {
        out.write(data, done, size);
        if (random.nextInt(8) == 0) {
          out.flush();
        }
      } catch (IOException e) {
        failed = true;
      } finally {
        fails.set(false);
      }
      done += size;
    }

    void close() throws IOException {
      if (failed) {
        assertThatThrownBy(out::close).hasRootCauseMessage("of the test");
      } else {
        out.close();
      }
      out.close();
    }
  }

  private void pair(Random random, String name) throws IOException {
    List<Written> both = List.of(new Written(random, name + "a"), new Written(random, name + "b"));
    while (both.stream().anyMatch(one -> !one.failed && one.done < one.data.length)) {
      Written one = both.get(random.nextInt(2));
      if (!one.failed && one.done < one.data.length) {
        one.piece(random);
      }
      if (random.nextInt(20) == 0) {
        Thread.currentThread().interrupt();
      }
    }
    both.get(1).close();
    both.get(0).close();
    Thread.interrupted();
    List<Written> whole = both.stream().filter(one -> !one.failed).toList();
    for (Written one : both) {
      if (one.failed) {
        assertThatThrownBy(() -> fs.open(path(one.name))).isInstanceOf(SealedFileException.class);
      }
    }
    if (whole.size() == 2) {
      readInTurns(random, whole.get(0), whole.get(1));
    }
  }

  private void readInTurns(Random random, Written one, Written two) throws IOException {
    if (two.data.length >= Layout.CHUNK && random.nextInt(3) == 0) {
      byte[] file = Files.readAllBytes(dir.resolve(two.name));
      file[(int) Layout.chunkOffset(0) + random.nextInt(Layout.CHUNK)] ^= 4;
      Files.write(dir.resolve(two.name), file);
      two.failed = true;
    }
    try (FSDataInputStream first = fs.open(path(one.name));
        FSDataInputStream second = fs.open(path(two.name))) {
      for (int i = 0; i < 20; i++) {
        expect(first, one.data, random);
        if (two.failed) {
          second.seek(0);
          assertThatThrownBy(second::read).isInstanceOf(SealedFileException.class);
          second.close();
          two.failed = false;
          return;
        }
        expect(second, two.data, random);
      }
      second.close();
      second.close();
      expect(first, one.data, random);
    }
  }

  private static void expect(FSDataInputStream in, byte[] data, Random random) throws IOException {
    int from = random.nextInt(data.length + 1);
    int to = Math.min(data.length, from + random.nextInt(2 * Layout.CHUNK));
    in.seek(from);
    assertThat(in.readNBytes(to - from)).isEqualTo(Arrays.copyOfRange(data, from, to));
  }

  /** The reader's own thread is inside of a read when another one closes the stream. */
  @Test
  void aStreamThatIsClosedDuringItsReadLendsItsCipherToNobody() throws Exception {
    byte[] data = TestKeys.data(40 * Layout.CHUNK);
    for (String name : List.of("one", "two")) {
      try (FSDataOutputStream out = fs.create(path(name), WriteMode.OVERWRITE)) {
        out.write(data);
      }
    }
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    FSDataInputStream one = fs.open(path("one"));
    inner.duringRead =
        () -> {
          if (Thread.currentThread().getName().equals("reader")) {
            reading.countDown();
            await(closed);
          }
        };
    byte[] out = new byte[4 * Layout.CHUNK];
    Thread reader =
        new Thread(
            () -> {
              try {
                one.read(out, 0, out.length);
              } catch (IOException e) {
                Arrays.fill(out, (byte) 0);
              }
            },
            "reader");
    reader.start();
    await(reading);
    one.close();
    closed.countDown();
    for (int i = 0; i < 20; i++) {
      try (FSDataInputStream two = fs.open(path("two"))) {
        assertThat(two.readAllBytes()).isEqualTo(data);
      }
    }
    reader.join();
    assertThat(out).isIn(Arrays.copyOf(data, out.length), new byte[out.length]);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private org.apache.flink.core.fs.Path path(String name) {
    return new org.apache.flink.core.fs.Path("sealed+fault://" + dir.resolve(name));
  }
}
