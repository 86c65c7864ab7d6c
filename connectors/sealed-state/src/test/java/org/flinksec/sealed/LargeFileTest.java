// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import org.apache.flink.core.fs.FSDataInputStream;
import org.flinksec.sealed.format.FileKeys;
import org.flinksec.sealed.format.Layout;
import org.flinksec.sealed.format.TestChunks;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files beyond 2 and 4 GiB and 2^31 chunks, whose chunks are made when they are read. */
class LargeFileTest {

  @ParameterizedTest
  @ValueSource(longs = {1L << 31, 1L << 32, (1L << 32) + 20_000, (1L << 45) + 5, 1L << 51})
  void theBytesAroundEveryBoundaryAreRight(long length) throws Exception {
    FileKeys keys = FileKeys.derive(new byte[32], new byte[Layout.SALT], new byte[0]);
    try (SealedInputStream in =
        SealedFileOpener.openPayload(
            "large", FileSource.of(new Generated(keys, length)), keys, Layout.fileLength(length))) {
      for (long boundary : new long[] {1L << 31, 1L << 32, 1L << 45, length / 2, length}) {
        for (long at = Math.max(0, boundary - 20_000); at < boundary + 20_000; at += 4_001) {
          if (at < length) {
            in.seek(at);
            assertThat(in.read()).as("position " + at).isEqualTo(Byte.toUnsignedInt(plain(at)));
            ByteBuffer buffer = ByteBuffer.allocate(3);
            int count = in.read(at, buffer);
            assertThat(buffer.get(count - 1)).isEqualTo(plain(at + count - 1));
          }
        }
      }
      in.seek(length);
      assertThat(in.read()).isEqualTo(-1);
    }
  }

  private static byte plain(long position) {
    return (byte) (position * 31 + (position >>> 14) * 17 + (position >>> 40));
  }

  /** A sealed file that is nowhere stored. */
  private static final class Generated extends FSDataInputStream {
    private final FileKeys keys;
    private final long length;
    private long position;

    Generated(FileKeys keys, long length) {
      this.keys = keys;
      this.length = length;
    }

    @Override
    public void seek(long target) {
      position = target;
    }

    @Override
    public long getPos() {
      return position;
    }

    @Override
    public int read() {
      throw new AssertionError("byte by byte is too slow");
    }

    @Override
    public int read(byte[] out, int offset, int size) throws IOException {
      long chunk = (position - Layout.PREFIX) / Layout.SEALED_CHUNK;
      byte[] sealed = sealed(chunk);
      int from = (int) (position - Layout.chunkOffset(chunk));
      int count = Math.min(size, sealed.length - from);
      System.arraycopy(sealed, from, out, offset, count);
      position += count;
      return count == 0 ? -1 : count;
    }

    private byte[] sealed(long chunk) throws IOException {
      long start = chunk * Layout.CHUNK;
      byte[] plain = new byte[(int) Math.min(Layout.CHUNK, length - start)];
      for (int i = 0; i < plain.length; i++) {
        plain[i] = plain(start + i);
      }
      try {
        return TestChunks.seal(keys, chunk, plain);
      } catch (GeneralSecurityException e) {
        throw new IOException(e);
      }
    }
  }
}
