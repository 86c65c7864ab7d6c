// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files.reading;

import com.github.luben.zstd.ZstdInputStream;
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
      case "gz" -> new GZIPInputStream(file, BUFFER);
      case "zst" -> Zstd.open(file);
      default -> file;
    };
  }

  /** Apart, since the library is loaded only where there is such a file. */
  private static final class Zstd {
    static InputStream open(InputStream file) throws IOException {
      return new ZstdInputStream(file);
    }
  }
}
