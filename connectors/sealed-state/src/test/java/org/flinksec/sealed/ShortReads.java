// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.nio.ByteBuffer;

/** A file in memory that is read into direct buffers, and every third time less than was asked. */
final class ShortReads implements FileSource {
  private final byte[] bytes;
  private int calls;

  ShortReads(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public int read(long at, ByteBuffer out) {
    if (at >= bytes.length) {
      return -1;
    }
    int most = ++calls % 3 == 0 ? Math.max(1, out.remaining() / 3) : out.remaining();
    int count = Math.min(most, bytes.length - (int) at);
    out.put(bytes, (int) at, count);
    return count;
  }

  @Override
  public boolean likesDirectMemory() {
    return true;
  }

  @Override
  public void close() {}
}
