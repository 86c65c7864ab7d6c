// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
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
 * <p>Memory: 16 KiB of plaintext, the last chunk, and a read-ahead of ciphertext that grows from
 * one chunk to 1 MiB while reads are sequential.
 */
final class SealedInputStream extends FSDataInputStream implements ByteBufferReadable {
  private static final int MAX_READ_AHEAD = 64;

  private final Object file;
  private final FSDataInputStream inner;
  private final ChunkOpener opener;
  private final long length;
  private final long chunks;
  private final byte[] lastChunk;

  /** The position of the next sequential read. */
  private long position;

  private final byte[] plain = new byte[Layout.CHUNK];
  private long plainIndex = -1;

  private byte[] ahead = new byte[0];
  private long aheadFirst;
  private int aheadCount;
  private int readAhead = 1;
  private long innerChunk = -1;

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
      Object file, FSDataInputStream inner, ChunkOpener opener, long length, byte[] lastChunk) {
    this.file = file;
    this.inner = inner;
    this.opener = opener;
    this.length = length;
    this.chunks = length / Layout.CHUNK;
    this.lastChunk = lastChunk;
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
    checkUsable();
    if (position >= length) {
      return -1;
    }
    byte[] chunk = chunk(position / Layout.CHUNK);
    return Byte.toUnsignedInt(chunk[(int) (position++ % Layout.CHUNK)]);
  }

  @Override
  public synchronized int read(byte[] out, int offset, int size) throws IOException {
    Objects.checkFromIndexSize(offset, size, out.length);
    int count = readAt(position, out, offset, size);
    position += Math.max(0, count);
    return count;
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
    if (out.hasArray()) {
      int count = readAt(at, out.array(), out.arrayOffset() + out.position(), out.remaining());
      out.position(out.position() + Math.max(0, count));
      return count;
    }
    checkUsable();
    checkPosition(at);
    if (!out.hasRemaining() || at >= length) {
      return out.hasRemaining() ? -1 : 0;
    }
    int total = 0;
    while (out.hasRemaining() && at + total < length) {
      long from = at + total;
      byte[] chunk = chunk(from / Layout.CHUNK);
      int start = (int) (from % Layout.CHUNK);
      int size = Math.min(out.remaining(), lengthOf(from / Layout.CHUNK) - start);
      out.put(chunk, start, size);
      total += size;
    }
    return total;
  }

  private int readAt(long at, byte[] out, int offset, int size) throws IOException {
    checkUsable();
    checkPosition(at);
    if (size == 0 || at >= length) {
      return size == 0 ? 0 : -1;
    }
    int wanted = (int) Math.min(size, length - at);
    int done = 0;
    while (done < wanted) {
      long from = at + done;
      long index = from / Layout.CHUNK;
      int start = (int) (from % Layout.CHUNK);
      if (start == 0 && wanted - done >= Layout.CHUNK && index != plainIndex) {
        decrypt(index, out, offset + done);
        done += Layout.CHUNK;
        continue;
      }
      byte[] chunk = chunk(index);
      int part = Math.min(wanted - done, lengthOf(index) - start);
      System.arraycopy(chunk, start, out, offset + done, part);
      done += part;
    }
    return done;
  }

  private static void checkPosition(long at) throws EOFException {
    if (at < 0) {
      throw new EOFException("negative position " + at);
    }
  }

  private int lengthOf(long index) {
    return index == chunks ? lastChunk.length : Layout.CHUNK;
  }

  private byte[] chunk(long index) throws IOException {
    if (index == chunks) {
      return lastChunk;
    }
    if (index != plainIndex) {
      plainIndex = -1;
      decrypt(index, plain, 0);
      plainIndex = index;
    }
    return plain;
  }

  private void decrypt(long index, byte[] out, int offset) throws IOException {
    try {
      if (index < aheadFirst || index >= aheadFirst + aheadCount) {
        fetch(index);
      }
      int from = (int) (index - aheadFirst) * Layout.SEALED_CHUNK;
      opener.open(index, ahead, from, Layout.SEALED_CHUNK, out, offset);
    } catch (SealedFileException e) {
      failure = e.in(file);
      throw (SealedFileException) failure;
    } catch (IOException | RuntimeException e) {
      failure = e;
      throw e;
    }
  }

  /** Fills the read-ahead from this chunk on. */
  private void fetch(long index) throws IOException {
    boolean sequential = index == aheadFirst + aheadCount;
    readAhead = sequential ? Math.min(MAX_READ_AHEAD, readAhead * 2) : 1;
    int count = (int) Math.min(readAhead, chunks - index);
    int size = count * Layout.SEALED_CHUNK;
    if (ahead.length < size) {
      ahead = new byte[size];
    }
    aheadCount = 0;
    if (innerChunk != index) {
      innerChunk = -1;
      inner.seek(Layout.chunkOffset(index));
    }
    SealedFileOpener.readFully(inner, ahead, 0, size);
    innerChunk = index + count;
    aheadFirst = index;
    aheadCount = count;
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
      inner.close();
    }
  }
}
