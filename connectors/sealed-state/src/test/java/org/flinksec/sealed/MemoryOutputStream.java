// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.ByteArrayOutputStream;
import org.apache.flink.core.fs.FSDataOutputStream;

/** A file that is written into memory. */
final class MemoryOutputStream extends FSDataOutputStream {
  private final ByteArrayOutputStream bytes;

  MemoryOutputStream(ByteArrayOutputStream bytes) {
    this.bytes = bytes;
  }

  @Override
  public long getPos() {
    return bytes.size();
  }

  @Override
  public void write(int b) {
    bytes.write(b);
  }

  @Override
  public void write(byte[] data, int offset, int length) {
    bytes.write(data, offset, length);
  }

  @Override
  public void flush() {}

  @Override
  public void sync() {}

  @Override
  public void close() {}
}
