// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.flink.core.fs.FSDataOutputStream;

/** Where the bytes of a new sealed file go, in order. */
interface FileTarget extends Closeable {
  /** Writes all that remains in the buffer. */
  void write(ByteBuffer bytes) throws IOException;

  void flush() throws IOException;

  /** Makes durable what was written. */
  void sync() throws IOException;

  /** Whether bytes go quicker out of direct memory; else the buffer must have an array. */
  boolean likesDirectMemory();

  /** A file of any Flink file system. */
  static FileTarget of(FSDataOutputStream inner) {
    return new Inner(inner);
  }

  /** A stream that this owns. */
  final class Inner implements FileTarget {
    private final FSDataOutputStream inner;

    private Inner(FSDataOutputStream inner) {
      this.inner = inner;
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      inner.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
      bytes.position(bytes.limit());
    }

    @Override
    public void flush() throws IOException {
      inner.flush();
    }

    @Override
    public void sync() throws IOException {
      inner.sync();
    }

    @Override
    public boolean likesDirectMemory() {
      return false;
    }

    @Override
    public void close() throws IOException {
      inner.close();
    }
  }
}
