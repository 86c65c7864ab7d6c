// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import org.apache.flink.core.fs.FSDataInputStream;

/** A file in memory. */
final class MemoryInputStream extends FSDataInputStream {
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
}
