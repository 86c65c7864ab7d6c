// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.flink.core.fs.ByteBufferReadable;
import org.apache.flink.core.fs.FSDataInputStream;
import org.flinksec.sealed.format.ChunkOpener;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.SealedFileException;

/**
 * Reads one sealed file whose header and last chunk were checked ({@link SealedFileOpener}).
 *
 * <p>Positions are in plaintext. No byte of a chunk is returned before its tag was checked; after a
 * failure every read fails. Reads of all kinds may come from several threads: they take turns.
 *
 * <p>Memory: 16 KiB of plaintext, the last chunk, and 17 to 80 KiB of ciphertext, which of a large
 * local file are direct memory; with a second thread twice 257 KiB and 64 KiB of plaintext.
 */
final class SealedInputStream extends FSDataInputStream implements ByteBufferReadable {
  private final Object file;
  private final FileSource inner;
  private final long length;
  private final long chunks;
  private final byte[] lastChunk;
  private final ChunkReader fullChunks;

  /** The position of the next sequential read. */
  private long position;

  private final ByteBuffer oneByte = ByteBuffer.allocate(1);

  /** Held by a read, so that {@link #close} knows whether one is under way. */
  private final ReentrantLock reading = new ReentrantLock();

  private Exception failure;
  private volatile boolean closed;

  /**
   * Takes over the inner stream.
   *
   * @param file what messages call the file
   * @param length the plaintext's length, authenticated
   * @param lastChunk the last chunk's plaintext, {@code length % 16384} bytes
   */
  SealedInputStream(
      Object file, FileSource inner, ChunkOpener opener, long length, byte[] lastChunk) {
    this.file = file;
    this.inner = inner;
    this.length = length;
    this.chunks = length / Layout.CHUNK;
    this.lastChunk = lastChunk;
    this.fullChunks = new ChunkReader(inner, opener, chunks);
  }

  @Override
  public synchronized void seek(long target) throws IOException {
    checkUsable();
    if (target < 0 || target > length) {
      throw new EOFException("cannot seek to " + target + " in a file of " + length + " bytes");
    }
    position = target;
  }

  @Override
  public synchronized long getPos() {
    return position;
  }

  @Override
  public synchronized int available() throws IOException {
    checkUsable();
    return (int) Math.min(Integer.MAX_VALUE, length - position);
  }

  @Override
  public synchronized long skip(long count) throws IOException {
    checkUsable();
    long skipped = Math.max(0, Math.min(count, length - position));
    position += skipped;
    return skipped;
  }

  @Override
  public synchronized int read() throws IOException {
    int count = read(oneByte.clear());
    return count < 0 ? -1 : Byte.toUnsignedInt(oneByte.get(0));
  }

  @Override
  public synchronized int read(byte[] out, int offset, int size) throws IOException {
    return read(ByteBuffer.wrap(out, offset, size));
  }

  @Override
  public synchronized int read(ByteBuffer out) throws IOException {
    int count = read(position, out);
    position += Math.max(0, count);
    return count;
  }

  /** Reads at a position and leaves the stream's own position as it was. */
  @Override
  public synchronized int read(long at, ByteBuffer out) throws IOException {
    reading.lock();
    try {
      checkUsable();
      return readLocked(at, out);
    } finally {
      reading.unlock();
    }
  }

  private int readLocked(long at, ByteBuffer out) throws IOException {
    checkPosition(at);
    if (!out.hasRemaining() || at >= length) {
      return out.hasRemaining() ? -1 : 0;
    }
    int total = (int) Math.min(out.remaining(), length - at);
    try {
      copy(at, at + total, out);
      return total;
    } catch (SealedFileException e) {
      SealedState.failed(e);
      failure = e.in(file);
      throw (SealedFileException) failure;
    } catch (IOException | RuntimeException e) {
      failure = e;
      throw e;
    }
  }

  private void copy(long start, long end, ByteBuffer out) throws IOException {
    long lastWanted = (end - 1) / Layout.CHUNK;
    for (long at = start; at < end; ) {
      long chunk = at / Layout.CHUNK;
      int from = (int) (at % Layout.CHUNK);
      int size = (int) Math.min(end - at, Layout.CHUNK - from);
      if (chunk == chunks) {
        out.put(lastChunk, from, size);
      } else {
        fullChunks.read(chunk, from, size, out, lastWanted - chunk + 1);
      }
      at += size;
    }
  }

  private static void checkPosition(long at) throws EOFException {
    if (at < 0) {
      throw new EOFException("negative position " + at);
    }
  }

  private void checkUsable() throws IOException {
    if (closed) {
      throw new IOException("the stream is closed");
    }
    if (failure != null) {
      throw new IOException(file + ": an earlier read failed", failure);
    }
  }

  /** Not synchronized: closing must be able to interrupt a read that hangs. */
  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      fullChunks.settle();
      if (reading.tryLock()) {
        fullChunks.release();
        reading.unlock();
      }
      inner.close();
    }
  }
}
