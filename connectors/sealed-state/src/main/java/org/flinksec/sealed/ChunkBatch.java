// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.flinksec.sealed.format.ChunkOpener;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.SealedFileException;

/** Some full chunks of a file, one after the other, the last of them decrypted or not. */
final class ChunkBatch {
  /** A batch of more chunks may be direct memory: what is read here and there never is. */
  private static final int SMALL = 2;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private ByteBuffer sealed = NOTHING;
  private long first;
  private int count;

  private byte[] opened = {};

  /** The place in this batch from which chunks are in {@code opened}. */
  private int openedFrom;

  boolean has(long chunk) {
    return first <= chunk && chunk < first + count;
  }

  /** Holds nothing any more. */
  void release() {
    count = 0;
    ByteBuffer before = sealed;
    sealed = NOTHING;
    DirectMemory.giveBack(before);
  }

  private ByteBuffer sealed(int place) {
    int start = place * Layout.SEALED_CHUNK;
    return sealed.limit(start + Layout.SEALED_CHUNK).position(start);
  }

  /** Whether a chunk is the next one after this batch. */
  boolean endsAt(long chunk) {
    return count > 0 && chunk == first + count;
  }

  /** The chunk behind this batch. */
  long end() {
    return first + count;
  }

  /** Reads chunks. */
  void fill(FileSource inner, long chunk, int number) throws IOException {
    count = 0;
    int length = number * Layout.SEALED_CHUNK;
    if (sealed.capacity() < length) {
      release();
      boolean direct = inner.likesDirectMemory() && number > SMALL && length <= DirectMemory.SIZE;
      sealed = direct ? DirectMemory.take() : ByteBuffer.allocate(length);
    }
    inner.readFully(Layout.chunkOffset(chunk), sealed.clear().limit(length));
    first = chunk;
    count = number;
    openedFrom = number;
  }

  /** Decrypts the chunks from this place in the batch on. */
  void openFrom(int from, ChunkOpener opener) {
    int length = (count - from) * Layout.CHUNK;
    if (opened.length < length) {
      opened = new byte[length];
    }
    try {
      for (int i = from; i < count; i++) {
        opener.open(first + i, sealed(i), opened, (i - from) * Layout.CHUNK);
      }
      openedFrom = from;
    } catch (SealedFileException e) {
      // Whoever asks for that chunk decrypts it again, and is told.
      Arrays.fill(opened, (byte) 0);
    }
  }

  void open(long chunk, ChunkOpener opener, byte[] out, int offset) throws SealedFileException {
    int place = (int) (chunk - first);
    if (place < openedFrom) {
      opener.open(chunk, sealed(place), out, offset);
    } else {
      int from = (place - openedFrom) * Layout.CHUNK;
      System.arraycopy(opened, from, out, offset, Layout.CHUNK);
    }
  }
}
