// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.flinksec.sealed.format.CipherRate;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.NamePolicy;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.keys.DirectoryKeyRing;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Large files, whose streams have a second thread. */
class SpareThreadTest {
  private static final int MIB = 1 << 20;
  private static final int BATCH = 16 * Layout.CHUNK;

  /**
   * Behind it a reader reads ahead: batches of 1, 2, seven times 4, 8 and 16 chunks are through.
   */
  private static final int SEQUENTIAL = 55 * Layout.CHUNK;

  @TempDir Path dir;
  private final FaultyFileSystem inner = new FaultyFileSystem();
  private final Set<String> threads = Collections.synchronizedSet(new TreeSet<>());
  private final CountDownLatch blocked = new CountDownLatch(1);
  private final String me = Thread.currentThread().getName();
  private final int permits = SpareThread.FREE.drainPermits();
  private final long rate = CipherRate.assume(1);
  private final int processors = LargeStreams.assumeProcessors(2);
  private SealedFileSystem fs;

  @BeforeEach
  void openFileSystem() throws IOException {
    Path ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    Sealing sealing = new Sealing(DirectoryKeyRing.open(ring), "", null, NamePolicy.ENFORCE);
    fs = new SealedFileSystem(inner, URI.create("sealed+fault:///"), "fault", sealing);
    SpareThread.FREE.release();
    inner.duringWrite = () -> threads.add(Thread.currentThread().getName());
    inner.duringRead = () -> threads.add(Thread.currentThread().getName());
  }

  @AfterEach
  void everyThreadIsFreeAgain() throws InterruptedException {
    blocked.countDown();
    SpareThread.FREE.acquire();
    assertThat(SpareThread.FREE.availablePermits()).isZero();
    SpareThread.FREE.release(permits);
    CipherRate.assume(rate);
    LargeStreams.assumeProcessors(processors);
    assertThat(LargeStreams.open()).isZero();
  }

  @Test
  void whereTheCipherIsQuickEachStreamDoesItsWorkItself() throws IOException {
    CipherRate.assume(Long.MAX_VALUE);
    byte[] data = write(5 * MIB + 77);
    assertThat(readAll()).isEqualTo(data);
    assertThat(threads).containsExactly(me);
  }

  @Test
  void whereLargeStreamsKeepAllProcessorsBusyNoneHasASecondThread() throws IOException {
    byte[] data = write(2 * MIB);
    threads.clear();
    try (FSDataOutputStream one = fs.create(path("one"), WriteMode.OVERWRITE);
        FSDataOutputStream two = fs.create(path("two"), WriteMode.OVERWRITE)) {
      one.write(new byte[2 * MIB]);
      assertThat(threads).contains("sealed-state-io");
      two.write(new byte[2 * MIB]);
      one.flush();
      threads.clear();
      one.write(new byte[2 * MIB]);
      two.write(new byte[2 * MIB]);
      assertThat(readAll()).isEqualTo(data);
      assertThat(threads).containsExactly(me);
      assertThat(LargeStreams.open()).isEqualTo(2);
    }
    assertThat(LargeStreams.open()).isZero();
    threads.clear();
    write(2 * MIB);
    assertThat(threads).contains("sealed-state-io");
  }

  @Test
  void aStreamThatWasClosedDuringItsWorkCountsNoMore() {
    LargeStreams.Place place = new LargeStreams.Place();
    place.take();
    place.take();
    assertThat(LargeStreams.open()).isEqualTo(1);
    place.leave();
    place.take();
    place.leave();
    assertThat(LargeStreams.open()).isZero();
  }

  @Test
  void aStreamCountsOnceHoweverItEnds() throws IOException {
    FSDataOutputStream out = create();
    out.write(new byte[3 * MIB]);
    assertThat(LargeStreams.open()).isEqualTo(1);
    out.flush();
    inner.failing = "write";
    assertThatThrownBy(() -> out.write(new byte[MIB])).hasMessageContaining("No space left");
    assertThatThrownBy(out::close).isInstanceOf(IOException.class);
    out.close();
    assertThat(LargeStreams.open()).isZero();
  }

  @Test
  void aLargeFileIsWrittenAndReadWithASecondThread() throws IOException {
    byte[] data = write(5 * MIB + 77);
    assertThat(threads).containsExactlyInAnyOrder(me, "sealed-state-io");
    threads.clear();
    assertThat(readAll()).isEqualTo(data);
    assertThat(threads).containsExactlyInAnyOrder(me, "sealed-state-io");
  }

  @Test
  void withoutAThreadToSpareTheStreamDoesItsWorkItself() throws IOException {
    SpareThread.FREE.drainPermits();
    byte[] data = write(5 * MIB + 77);
    assertThat(readAll()).isEqualTo(data);
    assertThat(threads).containsExactly(me);
    SpareThread.FREE.release();
  }

  @Test
  void asManyStreamsAtOnceReadAndWriteWhatTheyShould() throws IOException {
    List<byte[]> written = new ArrayList<>();
    List<FSDataOutputStream> outs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      written.add(TestKeys.data(3 * MIB + i));
      outs.add(fs.create(path("file" + i), WriteMode.OVERWRITE));
    }
    for (int at = 0; at < 3 * MIB; at += BATCH) {
      for (int i = 0; i < 4; i++) {
        outs.get(i).write(written.get(i), at, BATCH);
      }
    }
    for (int i = 0; i < 4; i++) {
      outs.get(i).write(written.get(i), 3 * MIB, i);
      outs.get(i).close();
      try (FSDataInputStream in = fs.open(path("file" + i))) {
        assertThat(in.readAllBytes()).isEqualTo(written.get(i));
      }
    }
  }

  @Test
  void aFailureOfTheSecondThreadShowsSoonAndStays() throws IOException {
    FSDataOutputStream out = create();
    out.write(new byte[2 * MIB]);
    out.flush();
    inner.failing = "write";
    out.write(new byte[BATCH]);
    assertThatThrownBy(out::flush).hasMessageContaining("No space left on device");
    inner.failing = "";
    int calls = inner.calls.size();
    assertThatThrownBy(() -> out.write(new byte[BATCH])).hasMessageContaining("failed earlier");
    assertThatThrownBy(out::sync).hasMessageContaining("failed earlier");
    assertThatThrownBy(out::close).hasRootCauseMessage("No space left on device");
    assertThat(inner.calls.subList(calls, inner.calls.size())).containsExactly("close");
    assertThatThrownBy(() -> fs.open(path("file"))).isInstanceOf(SealedFileException.class);
  }

  @Test
  void aFailureOfTheSecondThreadFailsTheCloseThatFollows() throws IOException {
    FSDataOutputStream out = create();
    out.write(new byte[2 * MIB]);
    out.flush();
    inner.failing = "write";
    out.write(new byte[BATCH]);
    assertThatThrownBy(out::close).hasMessageContaining("No space left on device");
    assertThat(inner.calls).doesNotContain("sync").endsWith("close");
  }

  @ParameterizedTest
  @ValueSource(strings = {"flush", "sync", "close"})
  void whatMakesBytesDurableWaitsForTheSecondThread(String call) throws Exception {
    FSDataOutputStream out = create();
    out.write(new byte[MIB]);
    inner.duringWrite = this::blockSecondThread;
    out.write(new byte[BATCH]);
    inner.calls.clear();
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              switch (call) {
                case "flush" -> out.flush();
                case "sync" -> out.sync();
                default -> out.close();
              }
              return null;
            });
    Thread caller = waiting(task);
    assertThat(inner.calls).isEmpty();
    blocked.countDown();
    task.get();
    caller.join();
    assertThat(inner.calls).startsWith("write").contains(call);
    out.close();
    assertThat(readAll()).hasSize(MIB + BATCH);
  }

  @Test
  void aFileThatIsAbandonedIsNotClosedUnderTheSecondThread() throws Exception {
    FSDataOutputStream out = create();
    out.write(new byte[MIB]);
    inner.duringWrite = this::blockSecondThread;
    FutureTask<Void> writing =
        new FutureTask<>(
            () -> {
              out.write(new byte[3 * BATCH]);
              return null;
            });
    waiting(writing);
    FutureTask<Void> closing =
        new FutureTask<>(
            () -> {
              out.close();
              return null;
            });
    waiting(closing);
    assertThat(inner.calls).doesNotContain("close");
    blocked.countDown();
    assertThatThrownBy(closing::get).hasMessageContaining("closed during a write");
    assertThatThrownBy(writing::get).hasCauseInstanceOf(IOException.class);
    assertThat(inner.calls).contains("close").doesNotContain("sync");
    assertThatThrownBy(() -> fs.open(path("file"))).isInstanceOf(SealedFileException.class);
  }

  /** Chunks 55 to 70 are read ahead, 67 to 70 decrypted ahead. */
  @ParameterizedTest
  @ValueSource(ints = {55, 66, 67, 69, 70, 71})
  void anAlteredChunkThatWasReadAheadShowsWhereItIsAndNotBefore(int chunk) throws IOException {
    byte[] data = write(2 * MIB);
    flip(Layout.chunkOffset(chunk) + 5);
    try (FSDataInputStream in = fs.open(path("file"))) {
      int good = chunk * Layout.CHUNK;
      assertThat(in.readNBytes(good)).isEqualTo(Arrays.copyOf(data, good));
      assertThatThrownBy(in::read).hasMessageContaining("chunk " + chunk + " is not authentic");
      assertThatThrownBy(in::read).hasMessageContaining("earlier read failed");
    }
    assertThat(threads).contains("sealed-state-io");
  }

  @Test
  void aReadAheadThatFailedMattersWhereItIsReached() throws IOException {
    byte[] data = write(2 * MIB);
    inner.duringRead = this::failSecondThread;
    try (FSDataInputStream in = fs.open(path("file"))) {
      assertThat(in.readNBytes(SEQUENTIAL)).isEqualTo(Arrays.copyOf(data, SEQUENTIAL));
      assertThatThrownBy(in::read).hasMessageContaining("Input/output error");
      inner.duringRead = () -> {};
      assertThatThrownBy(in::read).hasMessageContaining("earlier read failed");
    }
  }

  @Test
  void aReadAheadThatFailedHurtsNoReaderThatGoesElsewhere() throws IOException {
    byte[] data = write(2 * MIB);
    inner.duringRead = this::failSecondThread;
    try (FSDataInputStream in = fs.open(path("file"))) {
      in.readNBytes(SEQUENTIAL);
      in.seek(90 * Layout.CHUNK + 3);
      byte[] expected = Arrays.copyOfRange(data, 90 * Layout.CHUNK + 3, 91 * Layout.CHUNK);
      assertThat(in.readNBytes(expected.length)).isEqualTo(expected);
    }
  }

  @Test
  void afterAReadAheadAnyOtherPlaceIsReadRightly() throws IOException {
    byte[] data = write(2 * MIB);
    try (FSDataInputStream in = fs.open(path("file"))) {
      for (int chunk : new int[] {60, 100, 0, 70, 15}) {
        in.seek(0);
        in.readNBytes(SEQUENTIAL);
        in.seek((long) chunk * Layout.CHUNK);
        byte[] expected = Arrays.copyOfRange(data, chunk * Layout.CHUNK, data.length);
        assertThat(in.readNBytes(expected.length)).isEqualTo(expected);
      }
    }
  }

  @Test
  void aFileIsNotClosedUnderAReadAhead() throws Exception {
    write(2 * MIB);
    inner.duringRead = this::blockSecondThread;
    FSDataInputStream in = fs.open(path("file"));
    in.readNBytes(SEQUENTIAL);
    inner.calls.clear();
    FutureTask<Void> closing =
        new FutureTask<>(
            () -> {
              in.close();
              return null;
            });
    waiting(closing);
    assertThat(inner.calls).isEmpty();
    blocked.countDown();
    closing.get();
    assertThat(inner.calls).containsExactly("close");
  }

  private void blockSecondThread() {
    if (onSecondThread()) {
      try {
        blocked.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void failSecondThread() throws IOException {
    if (onSecondThread()) {
      throw new IOException("Input/output error");
    }
  }

  private static boolean onSecondThread() {
    return Thread.currentThread().getName().equals("sealed-state-io");
  }

  /** Runs the task on a thread; returns when that waits for another one. */
  private static Thread waiting(FutureTask<?> task) throws InterruptedException {
    Thread thread = new Thread(task);
    thread.start();
    Set<Thread.State> states = Set.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);
    while (!states.contains(thread.getState())) {
      assertThat(task.isDone()).isFalse();
      Thread.sleep(10);
    }
    return thread;
  }

  private void flip(long at) throws IOException {
    try (FileChannel channel =
        FileChannel.open(dir.resolve("file"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 1)).flip();
      channel.write(one, at);
    }
  }

  private FSDataOutputStream create() throws IOException {
    return fs.create(path("file"), WriteMode.OVERWRITE);
  }

  private byte[] write(int size) throws IOException {
    byte[] data = TestKeys.data(size);
    try (FSDataOutputStream out = create()) {
      out.write(data);
    }
    return data;
  }

  private byte[] readAll() throws IOException {
    try (FSDataInputStream in = fs.open(path("file"))) {
      return in.readAllBytes();
    }
  }

  private org.apache.flink.core.fs.Path path(String name) {
    return new org.apache.flink.core.fs.Path("sealed+fault://" + dir.resolve(name));
  }
}
