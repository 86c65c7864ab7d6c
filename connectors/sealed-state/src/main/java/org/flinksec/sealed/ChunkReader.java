// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.flink.core.fs.FSDataInputStream;
import org.flinksec.sealed.format.ChunkOpener;
import org.flinksec.sealed.format.Layout;

/**
 * The full chunks of one file, by number. Not thread safe.
 *
 * <p>Ciphertext is read in batches: as many chunks as a call asks for, and up to 16 while calls go
 * on where the one before ended. Whole chunks are decrypted straight into the caller's array.
 */
final class ChunkReader {
  private static final int BATCH = 16;

  private final FSDataInputStream inner;
  private final ChunkOpener opener;

  /** How many full chunks the file has. */
  private final long chunks;

  private byte[] batch = {};
  private long first;
  private int count;
  private int size = 1;

  /** The chunk at which the inner stream stands, or -1. */
  private long innerChunk = -1;

  /** The plaintext of one chunk, of which only a part was asked for yet. */
  private byte[] part;

  private long partChunk = -1;

  ChunkReader(FSDataInputStream inner, ChunkOpener opener, long chunks) {
    this.inner = inner;
    this.opener = opener;
    this.chunks = chunks;
  }

  /**
   * Reads from one chunk.
   *
   * @param start where in the chunk
   * @param wanted how many chunks the caller asks for, from this one on
   */
  void read(long chunk, int start, int length, ByteBuffer out, long wanted) throws IOException {
    if (chunk != partChunk) {
      if (length == Layout.CHUNK && out.hasArray()) {
        open(chunk, wanted, out.array(), out.arrayOffset() + out.position());
        out.position(out.position() + length);
        return;
      }
      part = part == null ? new byte[Layout.CHUNK] : part;
      partChunk = -1;
      open(chunk, wanted, part, 0);
      partChunk = chunk;
    }
    out.put(part, start, length);
  }

  private void open(long chunk, long wanted, byte[] out, int offset) throws IOException {
    if (chunk < first || chunk >= first + count) {
      fetch(chunk, wanted);
    }
    int from = (int) (chunk - first) * Layout.SEALED_CHUNK;
    opener.open(chunk, batch, from, Layout.SEALED_CHUNK, out, offset);
  }

  /** Reads the batch that begins with this chunk. */
  private void fetch(long chunk, long wanted) throws IOException {
    boolean goesOn = count > 0 && chunk == first + count;
    size = (int) Math.min(BATCH, Math.max(goesOn ? 2 * size : 1, wanted));
    int fetched = (int) Math.min(size, chunks - chunk);
    int length = fetched * Layout.SEALED_CHUNK;
    if (batch.length < length) {
      batch = new byte[length];
    }
    count = 0;
    if (innerChunk != chunk) {
      inner.seek(Layout.chunkOffset(chunk));
    }
    innerChunk = -1;
    SealedFileOpener.readFully(inner, batch, 0, length);
    innerChunk = chunk + fetched;
    first = chunk;
    count = fetched;
  }
}
