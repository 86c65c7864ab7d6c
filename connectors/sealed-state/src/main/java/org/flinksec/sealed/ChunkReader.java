// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.flinksec.sealed.format.ChunkOpener;
import org.flinksec.sealed.format.Layout;

/**
 * The full chunks of one file, by number. Not thread safe, but for {@link #settle()}.
 *
 * <p>Ciphertext is read in batches: as many chunks as a call asks for, and up to 4 while calls go
 * on where the one before ended. Whole chunks are decrypted straight into the caller's array. Half
 * a MiB later, where that pays ({@link LargeStreams}), batches become 16 chunks, and behind each of
 * them a {@link SpareThread} reads the next one, and decrypts the last quarter of it, which makes
 * its work and the caller's about the same.
 */
final class ChunkReader {
  /** Chunks that are read at once: they stay in the processor's cache until they are decrypted. */
  private static final int BATCH = 4;

  /** The same where another thread reads them: to hand over more costs less. */
  private static final int BATCH_BESIDE = 16;

  /** Full batches, one after the other, behind which a file counts as a large one. */
  private static final int LARGE_BEHIND = 7;

  private final FileSource inner;
  private final ChunkOpener opener;

  /** How many full chunks the file has. */
  private final long chunks;

  private ChunkBatch batch = new ChunkBatch();
  private int size = 1;

  /** The batch that is not in use, and what decrypts it ahead. */
  private ChunkBatch other;

  private ChunkOpener otherOpener;

  /** The batch that another thread reads. */
  private volatile CompletableFuture<ChunkBatch> ahead;

  /** The plaintext of one chunk, of which only a part was asked for yet. */
  private byte[] part;

  private long partChunk = -1;

  private final LargeStreams.Place place = new LargeStreams.Place();

  /** Full batches, one after the other. */
  private int inARow;

  ChunkReader(FileSource inner, ChunkOpener opener, long chunks) {
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
    if (!batch.has(chunk)) {
      fetch(chunk, wanted);
    }
    batch.open(chunk, opener, out, offset);
  }

  /** Gets the batch that begins with this chunk. */
  private void fetch(long chunk, long wanted) throws IOException {
    boolean goesOn = batch.endsAt(chunk);
    boolean beside = goesOn && secondThreadPays();
    int most = beside ? BATCH_BESIDE : BATCH;
    size = (int) Math.min(most, Math.max(goesOn ? 2 * size : 1, wanted));
    inARow = goesOn && size >= BATCH ? inARow + 1 : 0;
    if (!takeAhead(chunk)) {
      batch.fill(inner, chunk, (int) Math.min(size, chunks - chunk));
    }
    if (beside && size == BATCH_BESIDE && batch.end() < chunks) {
      readAhead(batch.end(), (int) Math.min(BATCH_BESIDE, chunks - batch.end()));
    }
  }

  private boolean secondThreadPays() {
    if (inARow < LARGE_BEHIND) {
      return false;
    }
    place.take();
    return LargeStreams.secondThreadPays();
  }

  private void readAhead(long chunk, int count) throws IOException {
    if (other == null) {
      other = new ChunkBatch();
    }
    if (otherOpener == null) {
      otherOpener = opener.another();
    }
    ChunkBatch next = other;
    ChunkOpener nextOpener = otherOpener;
    ahead =
        SpareThread.start(
                () -> {
                  next.fill(inner, chunk, count);
                  next.openFrom(count - count / 4, nextOpener);
                  return next;
                })
            .orElse(null);
  }

  /** Makes the batch that was read ahead the current one, if it begins with this chunk. */
  private boolean takeAhead(long chunk) throws IOException {
    CompletableFuture<ChunkBatch> reading = ahead;
    if (reading == null) {
      return false;
    }
    boolean wanted = batch.endsAt(chunk);
    try {
      ChunkBatch next = SpareThread.await(reading);
      if (wanted) {
        other = batch;
        batch = next;
      }
      return wanted;
    } catch (IOException e) {
      if (wanted) {
        throw e;
      }
      return false;
    } finally {
      ahead = null;
    }
  }

  /** Waits for a read ahead, since the file is about to be closed; not for the caller's read. */
  void settle() {
    place.leave();
    SpareThread.settle(ahead);
    opener.release();
  }

  /** Gives its memory back; only while no read is under way, and none follows. */
  void release() {
    batch.release();
  }
}
