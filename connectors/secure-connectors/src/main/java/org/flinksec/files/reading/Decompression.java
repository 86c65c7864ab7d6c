// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import com.github.luben.zstd.ZstdInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/** Files that are compressed as a whole, by the endings of their names. */
final class Decompression {
  private static final int BUFFER = 1 << 16;

  /** Endings of what others write, and nothing here reads. */
  private static final Set<String> UNKNOWN =
      Set.of("bz2", "deflate", "lz4", "lzo", "lzma", "snappy", "xz", "zip", "z", "br");

  private Decompression() {}

  private static String ending(String name) {
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** Whether a file is compressed by its name. */
  static boolean isCompressed(String name) {
    String ending = ending(name);
    return ending.equals("gz") || ending.equals("zst") || UNKNOWN.contains(ending);
  }

  /**
   * What is in a file.
   *
   * @throws IOException if it is not what its name says, or compressed in another way
   */
  static InputStream open(InputStream file, String name) throws IOException {
    String ending = ending(name);
    if (UNKNOWN.contains(ending)) {
      throw new IOException(
          "it is compressed, as .%s, and of compressed lines .gz and .zst are read"
              .formatted(ending));
    }
    return switch (ending) {
      case "gz" -> new Gzip(new Counted(file));
      case "zst" -> Zstd.open(file);
      default -> file;
    };
  }

  /** Bytes that were taken from a file. */
  private static final class Counted extends FilterInputStream {
    private long count;

    Counted(InputStream file) {
      super(file);
    }

    @Override
    public int read() throws IOException {
      int found = in.read();
      count += found < 0 ? 0 : 1;
      return found;
    }

    @Override
    public int read(byte[] bytes, int start, int length) throws IOException {
      int found = in.read(bytes, start, length);
      count += Math.max(found, 0);
      return found;
    }
  }

  /** Java's own takes whatever is behind a member, and is no other member, for the end. */
  private static final class Gzip extends GZIPInputStream {
    private static final int TRAILER = 8;

    private final Counted file;
    private long filled;
    private boolean isOver;

    Gzip(Counted file) throws IOException {
      super(file, BUFFER);
      this.file = file;
    }

    @Override
    protected void fill() throws IOException {
      super.fill();
      filled = file.count;
    }

    @Override
    public int read(byte[] bytes, int start, int length) throws IOException {
      int found = super.read(bytes, start, length);
      if (found < 0 && !isOver) {
        isOver = true;
        // What the last member left of the buffer, what was read behind that, and the next byte.
        long behind = inf.getRemaining() + (file.count - filled) - TRAILER;
        if (behind > 0 || file.read() >= 0) {
          throw new IOException("what stands behind a part of it is no other part of gzip");
        }
      }
      return found;
    }
  }

  /** Apart, since the library is loaded only where there is such a file. */
  private static final class Zstd {
    static InputStream open(InputStream file) throws IOException {
      return new ZstdInputStream(file);
    }
  }
}
