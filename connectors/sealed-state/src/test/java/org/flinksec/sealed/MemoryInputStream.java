// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import org.apache.flink.core.fs.FSDataInputStream;

/** A file in memory. */
class MemoryInputStream extends FSDataInputStream {
  private final byte[] bytes;
  private int position;

  MemoryInputStream(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public void seek(long target) {
    position = Math.toIntExact(target);
  }

  @Override
  public long getPos() {
    return position;
  }

  @Override
  public int read() {
    return position < bytes.length ? Byte.toUnsignedInt(bytes[position++]) : -1;
  }

  @Override
  public int read(byte[] out, int offset, int size) throws IOException {
    if (position >= bytes.length) {
      return -1;
    }
    int count = Math.min(size, bytes.length - position);
    System.arraycopy(bytes, position, out, offset, count);
    position += count;
    return count;
  }
}
