// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A write that failed anywhere is told, stays failed, and leaves no file that reads as whole. */
class StreamFailuresTest {
  private static final int MIB = 1 << 20;

  @TempDir Path dir;
  private final FaultyFileSystem inner = new FaultyFileSystem();
  private SealedFileSystem fs;
  private Path file;

  @BeforeEach
  void openFileSystem() throws IOException {
    Path ring = TestKeys.ring(dir.resolve("ring"), "k1", 1);
    Sealing sealing = new Sealing(DirectoryKeyRing.open(ring), "", null, NamePolicy.ENFORCE);
    fs = new SealedFileSystem(inner, URI.create("sealed+fault:///"), "fault", sealing);
    file = dir.resolve("file");
  }

  private FSDataOutputStream create() throws IOException {
    return fs.create(path(), WriteMode.OVERWRITE);
  }

  private org.apache.flink.core.fs.Path path() {
    return new org.apache.flink.core.fs.Path("sealed+fault://" + file);
  }

  @Test
  void closeWritesTheLastChunkThenSyncsThenCloses() throws IOException {
    FSDataOutputStream out = create();
    out.write(1);
    out.close();
    assertThat(inner.calls).containsExactly("write", "sync", "close");
    out.close();
    assertThat(inner.calls).hasSize(3);
    assertThat(fs.open(path()).read()).isEqualTo(1);
  }

  @Test
  void syncMakesWholeChunksDurableAndSealsNoPartOfOne() throws IOException {
    try (FSDataOutputStream out = create()) {
      out.write(new byte[3 * Layout.CHUNK + 5]);
      out.sync();
      assertThat(inner.calls).containsExactly("write", "sync");
      assertThat(Files.size(file)).isEqualTo(Layout.chunkOffset(3));
      assertThatThrownBy(() -> fs.open(path())).isInstanceOf(SealedFileException.class);
      out.write(6);
      out.sync();
      assertThat(Files.size(file)).isEqualTo(Layout.chunkOffset(3));
    }
    assertThat(fs.open(path()).readAllBytes()).hasSize(3 * Layout.CHUNK + 6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"write", "sync", "close"})
  void aFailureWithinCloseIsToldOnce(String call) throws IOException {
    FSDataOutputStream out = create();
    out.write(new byte[100]);
    inner.failing = call;
    assertThatThrownBy(out::close).hasMessageContaining("No space left on device");
    assertThat(inner.calls).contains("close");
    inner.failing = "";
    out.close();
    assertThatThrownBy(() -> out.write(1)).isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"write", "sync", "flush"})
  void afterAFailureNothingMoreIsSealed(String call) throws IOException {
    FSDataOutputStream out = create();
    inner.failing = call;
    assertThatThrownBy(
            () -> {
              out.write(new byte[2 * MIB]);
              out.flush();
              out.sync();
            })
        .hasMessageContaining("No space left on device");
    inner.failing = "";
    int calls = inner.calls.size();
    assertThatThrownBy(() -> out.write(1)).hasMessageContaining("failed earlier");
    assertThatThrownBy(() -> out.write(new byte[2 * MIB])).hasMessageContaining("failed earlier");
    assertThatThrownBy(out::sync).hasMessageContaining("failed earlier");
    assertThatThrownBy(out::flush).hasMessageContaining("failed earlier");
    assertThatThrownBy(out::close)
        .hasMessageContaining("an earlier write failed")
        .hasRootCauseMessage("No space left on device");
    assertThat(inner.calls.subList(calls, inner.calls.size())).containsExactly("close");
    assertThatThrownBy(() -> fs.open(path())).isInstanceOf(SealedFileException.class);
    out.close();
  }

  @Test
  void aCloseDuringAnothersWriteAbandonsTheFile() throws Exception {
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    inner.duringWrite =
        () -> {
          writing.countDown();
          await(closed);
        };
    FSDataOutputStream out = create();
    AtomicReference<Exception> outcome = new AtomicReference<>();
    Thread writer =
        new Thread(
            () -> {
              try {
                out.write(new byte[2 * MIB]);
              } catch (IOException e) {
                outcome.set(e);
              }
            });
    writer.start();
    await(writing);
    assertThatThrownBy(out::close).hasMessageContaining("closed during a write");
    closed.countDown();
    writer.join();
    assertThat(outcome.get()).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> out.write(1)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> fs.open(path())).isInstanceOf(SealedFileException.class);
  }

  @Test
  void positionsCountPlaintext() throws IOException {
    try (FSDataOutputStream out = create()) {
      assertThat(out.getPos()).isZero();
      out.write(1);
      out.write(new byte[40_000]);
      assertThat(out.getPos()).isEqualTo(40_001);
      assertThatThrownBy(() -> out.write(new byte[3], 2, 2))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(out.getPos()).isEqualTo(40_001);
    }
  }

  @Test
  void aReaderThatWasClosedReadsNothing() throws IOException {
    try (FSDataOutputStream out = create()) {
      out.write(new byte[100]);
    }
    FSDataInputStream in = fs.open(path());
    in.close();
    in.close();
    assertThatThrownBy(in::read).hasMessageContaining("closed");
    assertThatThrownBy(() -> in.seek(1)).hasMessageContaining("closed");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
