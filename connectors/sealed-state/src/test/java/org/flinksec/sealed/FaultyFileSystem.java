// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataInputStreamWrapper;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.local.LocalFileSystem;

/** A local file system that writes down what is called, and fails where it is told to. */
final class FaultyFileSystem extends LocalFileSystem {
  /** What was called on the streams, in order. */
  final List<String> calls = Collections.synchronizedList(new ArrayList<>());

  /** The call that fails, as {@code write}, {@code sync}, {@code flush} or {@code close}. */
  volatile String failing = "";

  /** Runs inside of every write, before its bytes are written. */
  Runnable duringWrite = () -> {};

  /** What happens inside of every read, before its bytes are read. */
  interface DuringRead {
    void run() throws IOException;
  }

  DuringRead duringRead = () -> {};

  private void called(String call) throws IOException {
    calls.add(call);
    if (call.equals(failing)) {
      throw new IOException("No space left on device");
    }
  }

  @Override
  public URI getUri() {
    return URI.create("fault:///");
  }

  @Override
  public FSDataInputStream open(Path path) throws IOException {
    return new FSDataInputStreamWrapper(super.open(new Path(path.getPath()))) {
      @Override
      public int read(byte[] out, int offset, int size) throws IOException {
        duringRead.run();
        return super.read(out, offset, size);
      }

      @Override
      public void close() throws IOException {
        super.close();
        calls.add("close");
      }
    };
  }

  @Override
  public FSDataOutputStream create(Path path, WriteMode mode) throws IOException {
    FSDataOutputStream inner = super.create(new Path(path.getPath()), mode);
    return new FSDataOutputStream() {
      @Override
      public long getPos() throws IOException {
        return inner.getPos();
      }

      @Override
      public void write(int b) throws IOException {
        inner.write(b);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        duringWrite.run();
        called("write");
        inner.write(bytes, offset, length);
      }

      @Override
      public void flush() throws IOException {
        called("flush");
        inner.flush();
      }

      @Override
      public void sync() throws IOException {
        called("sync");
        inner.sync();
      }

      @Override
      public void close() throws IOException {
        inner.close();
        called("close");
      }
    };
  }
}
