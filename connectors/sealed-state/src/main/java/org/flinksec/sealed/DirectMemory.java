// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import org.flinksec.sealed.format.Layout;

/**
 * Direct buffers for a batch of ciphertext, since to allocate one takes long, and it is freed only
 * when the garbage collector comes to it.
 *
 * <p>At most 32 of 80 KiB wait here. Who takes one owns it until it gives it back, and gives none
 * back that another thread may still use.
 */
final class DirectMemory {
  static final int SIZE = 5 * Layout.SEALED_CHUNK;
  private static final int KEPT = 32;
  private static final ArrayBlockingQueue<ByteBuffer> SPARE = new ArrayBlockingQueue<>(KEPT);

  private DirectMemory() {}

  /** An empty buffer. */
  static ByteBuffer take() {
    ByteBuffer spare = SPARE.poll();
    return spare == null ? ByteBuffer.allocateDirect(SIZE) : spare.clear();
  }

  /** Takes a buffer back, if it is one of these; others are left to the garbage collector. */
  static void giveBack(ByteBuffer buffer) {
    if (buffer.isDirect()) {
      SPARE.offer(buffer);
    }
  }
}
