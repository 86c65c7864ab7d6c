// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.flink.core.fs.FSDataInputStream;
import org.flinksec.sealed.format.SealedFileException;
import org.flinksec.sealed.format.SealedFileException.Reason;

/** An open sealed file, as its bytes are stored. One caller at a time, but for {@link #close}. */
interface FileSource extends Closeable {
  /** Reads some bytes; returns how many, or -1 at the end of the file. */
  int read(long at, ByteBuffer out) throws IOException;

  /** Whether bytes come quicker into direct memory; else the buffer must have an array. */
  boolean likesDirectMemory();

  /**
   * Reads until the buffer is full.
   *
   * @throws SealedFileException TRUNCATED if the file ends before
   */
  default void readFully(long at, ByteBuffer out) throws IOException {
    long next = at;
    while (out.hasRemaining()) {
      int count = read(next, out);
      if (count < 0) {
        throw new SealedFileException(
            Reason.TRUNCATED, "it ended earlier than its length said: cut short while it was read");
      }
      next += count;
    }
  }

  /** A file of any Flink file system. It is told to seek only where it does not stand already. */
  static FileSource of(FSDataInputStream inner) {
    return new Inner(inner);
  }

  /** A stream that this owns. */
  final class Inner implements FileSource {
    private final FSDataInputStream inner;

    /** Where the stream stands; -1 if that is not known. */
    private long position;

    private Inner(FSDataInputStream inner) {
      this.inner = inner;
    }

    @Override
    public int read(long at, ByteBuffer out) throws IOException {
      if (at != position) {
        position = -1;
        inner.seek(at);
      }
      position = -1;
      int start = out.position();
      int count = inner.read(out.array(), out.arrayOffset() + start, out.remaining());
      if (count > 0) {
        out.position(start + count);
      }
      position = at + Math.max(0, count);
      return count;
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
