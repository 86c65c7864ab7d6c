// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.flinksec.sealed.format.ChunkSealer;
import org.flinksec.sealed.format.Context;
import org.flinksec.sealed.format.FileKeys;
import org.flinksec.sealed.format.Header;
import org.flinksec.sealed.format.Layout;

/**
 * Writes one sealed file.
 *
 * <p>{@link #close()} seals the last chunk, syncs and closes: only a file whose close returned is
 * whole. Positions are in plaintext. After any failure nothing more is sealed, every call throws,
 * and the file stays invalid. A close during another thread's write (a cancelled task) abandons the
 * file rather than waiting or sealing beside the writer.
 *
 * <p>The thread that writes is the one that seals. From the second MiB on, where that pays ({@link
 * LargeStreams}), sealed chunks are written by a {@link SpareThread} while the next ones are
 * sealed: one batch at a time, and in order. Then a failure shows one batch later, and at the
 * latest in {@link #flush()}, {@link #sync()} or close.
 *
 * <p>Memory: at most 16 KiB of plaintext and 80 KiB of ciphertext, which of a local file are direct
 * memory; with a second thread twice 273 KiB; about twice its content for a small file.
 */
final class SealedOutputStream extends FSDataOutputStream {
  /** Chunks that are written to the inner stream at once: they stay in the processor's cache. */
  private static final int BATCH = 4;

  /** The same where another thread writes them: to hand over more costs less. */
  private static final int BATCH_BESIDE = 16;

  private static final long BESIDE_FROM = 1 << 20;

  /** A file of more chunks gets a whole batch's memory at once. */
  private static final int SMALL = 2 * Layout.SEALED_CHUNK;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** Runs after the inner stream was closed, to make the file's directory entry durable. */
  interface AfterClose {
    void run() throws IOException;
  }

  private final FileTarget inner;
  private final AfterClose afterClose;
  private final ChunkSealer sealer;
  private final ReentrantLock lock = new ReentrantLock();

  /** Grows up to one chunk. */
  private byte[] chunk = {};

  private int chunkLength;

  /** Ciphertext that the inner file does not have yet, up to the buffer's position. */
  private ByteBuffer sealed;

  private long position;

  /** The batch before, while another thread writes it; then {@code sealed}'s next buffer. */
  private volatile CompletableFuture<ByteBuffer> writing;

  private final LargeStreams.Place place = new LargeStreams.Place();
  private volatile IOException failure;
  private volatile boolean closed;

  SealedOutputStream(FileTarget inner, Sealing sealing, String path, AfterClose afterClose)
      throws IOException {
    this.inner = inner;
    this.afterClose = afterClose;
    byte[] random = sealing.random(Context.ID + Layout.SALT);
    byte[] salt = Arrays.copyOfRange(random, Context.ID, random.length);
    byte[] context = sealing.contextFor(path, Arrays.copyOf(random, Context.ID)).toBytes();
    try {
      FileKeys keys = FileKeys.derive(sealing.dataKey().key(), salt, context);
      sealer = new ChunkSealer(keys);
      byte[] header = Header.create(context, sealing.dataKey().wrapped());
      sealed = ByteBuffer.allocate(Layout.PREFIX).put(header).put(salt).put(keys.commitment());
    } catch (GeneralSecurityException e) {
      throw new IOException("this Java cannot seal files", e);
    }
  }

  @Override
  public long getPos() {
    return position;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    locked(() -> writeLocked(bytes, offset, length));
  }

  private void writeLocked(byte[] bytes, int start, int length)
      throws IOException, GeneralSecurityException {
    int offset = start;
    int end = start + length;
    while (offset < end) {
      if (chunkLength == 0 && end - offset >= Layout.CHUNK) {
        sealChunk(bytes, offset);
        offset += Layout.CHUNK;
        position += Layout.CHUNK;
        continue;
      }
      int size = Math.min(end - offset, Layout.CHUNK - chunkLength);
      reserveChunk(chunkLength + size);
      System.arraycopy(bytes, offset, chunk, chunkLength, size);
      offset += size;
      position += size;
      chunkLength += size;
      if (chunkLength == Layout.CHUNK) {
        sealChunk(chunk, 0);
        chunkLength = 0;
      }
    }
  }

  /** Hands the full chunks to the inner stream; the rest stays here until it is a chunk. */
  @Override
  public void flush() throws IOException {
    locked(
        () -> {
          drain();
          inner.flush();
        });
  }

  /** Makes the full chunks durable. The rest becomes durable in {@link #close()} only. */
  @Override
  public void sync() throws IOException {
    locked(
        () -> {
          drain();
          inner.sync();
        });
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    if (!lock.tryLock()) {
      abandon();
      return;
    }
    try {
      if (closed) {
        return;
      }
      closed = true;
      finish();
    } finally {
      sealer.finish();
      // Nobody else has it: a thread beside this one has arrays only, and no write is under way.
      DirectMemory.giveBack(sealed);
      sealed = NOTHING;
      lock.unlock();
    }
  }

  private void finish() throws IOException {
    place.leave();
    try {
      if (failure != null) {
        throw new IOException("the file is not whole, an earlier write failed", failure);
      }
      reserve(chunkLength + Layout.TAG);
      sealer.sealLast(chunk, 0, chunkLength, sealed);
      drain();
      inner.sync();
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw closingInner(e instanceof IOException io ? io : new IOException("sealing failed", e));
    }
    // On NFS a full disk shows in close() only, so this may throw although every write succeeded.
    inner.close();
    afterClose.run();
  }

  private IOException closingInner(IOException e) {
    if (failure == null) {
      failure = new IOException("closing failed", e);
    }
    SpareThread.settle(writing);
    try {
      inner.close();
    } catch (IOException suppressed) {
      e.addSuppressed(suppressed);
    }
    return e;
  }

  private void abandon() throws IOException {
    closed = true;
    place.leave();
    failure = new IOException("the stream was closed during a write");
    SpareThread.settle(writing);
    inner.close();
    throw failure;
  }

  private void sealChunk(byte[] bytes, int offset) throws IOException, GeneralSecurityException {
    reserve(Layout.SEALED_CHUNK);
    sealer.seal(bytes, offset, sealed);
    boolean mayBeside = position >= BESIDE_FROM && secondThreadPays();
    int batch = mayBeside ? BATCH_BESIDE : BATCH;
    if (sealed.position() >= batch * Layout.SEALED_CHUNK && !(mayBeside && drainBeside())) {
      drain();
    }
  }

  private boolean secondThreadPays() {
    place.take();
    return LargeStreams.secondThreadPays();
  }

  /** As {@link #drain()}, on another thread if one is free. */
  private boolean drainBeside() throws IOException {
    ByteBuffer free = awaitWritten();
    ByteBuffer full = sealed;
    writing =
        SpareThread.start(
                () -> {
                  inner.write(full.flip());
                  return full.clear();
                })
            .orElse(null);
    if (writing == null) {
      return false;
    }
    sealed = free == null ? ByteBuffer.allocate(full.capacity()) : free;
    return true;
  }

  /** The buffer that was written, or null if none was being written. */
  private ByteBuffer awaitWritten() throws IOException {
    CompletableFuture<ByteBuffer> before = writing;
    ByteBuffer free = before == null ? null : SpareThread.await(before);
    writing = null;
    if (failure != null) {
      throw new IOException("the stream was closed during a write", failure);
    }
    return free;
  }

  /** Buffers grow step by step, so that a small file costs little memory. */
  private void reserve(int size) {
    int needed = sealed.position() + size;
    if (needed <= sealed.capacity()) {
      return;
    }
    ByteBuffer before = sealed;
    if (needed <= DirectMemory.SIZE) {
      sealed =
          inner.likesDirectMemory() && needed > SMALL
              ? DirectMemory.take()
              : ByteBuffer.allocate(
                  Math.max(needed, Math.min(4 * before.position(), DirectMemory.SIZE)));
    } else {
      sealed = ByteBuffer.allocate((BATCH_BESIDE + 1) * Layout.SEALED_CHUNK);
    }
    sealed.put(before.flip());
    DirectMemory.giveBack(before);
  }

  private void reserveChunk(int needed) {
    if (needed > chunk.length) {
      chunk = Arrays.copyOf(chunk, Math.max(needed, Math.min(4 * chunkLength, Layout.CHUNK)));
    }
  }

  /** Hands everything that is sealed to the inner stream. */
  private void drain() throws IOException {
    awaitWritten();
    if (sealed.position() > 0) {
      inner.write(sealed.flip());
      sealed.clear();
    }
  }

  private interface Action {
    void run() throws IOException, GeneralSecurityException;
  }

  private void locked(Action action) throws IOException {
    lock.lock();
    try {
      if (closed || failure != null) {
        throw new IOException("the stream is closed or failed earlier", failure);
      }
      action.run();
    } catch (IOException | Error e) {
      fail(e);
      throw e;
    } catch (GeneralSecurityException | RuntimeException e) {
      fail(e);
      throw new IOException("sealing failed", e);
    } finally {
      lock.unlock();
    }
  }

  private void fail(Throwable e) {
    if (failure == null && !closed) {
      failure = new IOException("an earlier write failed", e);
    }
  }
}
