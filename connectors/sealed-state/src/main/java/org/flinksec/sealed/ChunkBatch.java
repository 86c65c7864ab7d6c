// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.core.fs.FSDataInputStream;
import org.flinksec.sealed.format.ChunkOpener;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.SealedFileException;

/** Some full chunks of a file, one after the other, the last of them decrypted or not. */
final class ChunkBatch {
  private byte[] sealed = {};
  private long first;
  private int count;

  private byte[] opened = {};

  /** The place in this batch from which chunks are in {@code opened}. */
  private int openedFrom;

  boolean has(long chunk) {
    return first <= chunk && chunk < first + count;
  }

  /** Whether a chunk is the next one after this batch. */
  boolean endsAt(long chunk) {
    return count > 0 && chunk == first + count;
  }

  /**
   * Reads chunks.
   *
   * @param at the chunk at which the stream stands, or -1
   */
  void fill(FSDataInputStream inner, long at, long chunk, int number) throws IOException {
    int length = number * Layout.SEALED_CHUNK;
    if (sealed.length < length) {
      sealed = new byte[length];
    }
    count = 0;
    if (at != chunk) {
      inner.seek(Layout.chunkOffset(chunk));
    }
    SealedFileOpener.readFully(inner, sealed, 0, length);
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
        opener.open(first + i, sealed, i * Layout.SEALED_CHUNK, opened, (i - from) * Layout.CHUNK);
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
      opener.open(chunk, sealed, place * Layout.SEALED_CHUNK, out, offset);
    } else {
      int from = (place - openedFrom) * Layout.CHUNK;
      System.arraycopy(opened, from, out, offset, Layout.CHUNK);
    }
  }
}
