// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Names of directories that say what a field holds, as Hive writes them: whatever that is, the name
 * is one that HDFS takes, that readers look into, and that is read back.
 */
final class PartitionNames {
  /** What stands for null and for an empty text, as in Hive. */
  static final String NONE = "__HIVE_DEFAULT_PARTITION__";

  /** The longest name in bytes: {@code dfs.namenode.fs-limits.max-component-length}. */
  static final int LONGEST = 255;

  private static final String ESCAPED_BY_HIVE = "\"#%'*/:=?\\\u007f{}[]^";
  private static final char LAST_CONTROL = '\u001f';
  private static final int DIGEST_BYTES = 8;

  private PartitionNames() {}

  /** What stands in a name for a value: its text, with %XX for what may not stand there. */
  static String escaped(String text) {
    if (text == null || text.isEmpty()) {
      return NONE;
    }
    StringBuilder out = new StringBuilder(text.length() + 8);
    int last = text.length() - 1;
    for (int i = 0; i <= last; i++) {
      char c = text.charAt(i);
      // Flink's Path cuts off blanks at the end of a name.
      boolean isOuterBlank = c == ' ' && (i == 0 || i == last);
      if (c <= LAST_CONTROL || isOuterBlank || ESCAPED_BY_HIVE.indexOf(c) >= 0) {
        out.append("%%%02X".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  /**
   * The name of a directory.
   *
   * @param name whose values are escaped
   * @return the same, but for a name that readers would take for hidden, or that is too long
   */
  static String directory(String name) {
    String seen = name;
    char first = name.charAt(0);
    if (first == '.' || first == '_' && !name.startsWith(NONE)) {
      seen = "%%%02X".formatted((int) first) + name.substring(1);
    }
    byte[] bytes = seen.getBytes(StandardCharsets.UTF_8);
    return bytes.length <= LONGEST ? seen : shortened(seen, bytes);
  }

  /** The beginning, and a digest of the whole, so that two names stay two. */
  private static String shortened(String name, byte[] bytes) {
    int kept = LONGEST - 1 - 2 * DIGEST_BYTES;
    StringBuilder out = new StringBuilder();
    int size = 0;
    for (int i = 0; i < name.length(); ) {
      int point = name.codePointAt(i);
      int step = name.charAt(i) == '%' ? 3 : Character.charCount(point);
      String part = name.substring(i, Math.min(i + step, name.length()));
      size += part.getBytes(StandardCharsets.UTF_8).length;
      if (size > kept) {
        break;
      }
      out.append(part);
      i += step;
    }
    return out.append('~').append(digest(bytes)).toString();
  }

  private static String digest(byte[] bytes) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return HexFormat.of().formatHex(Arrays.copyOf(hash, DIGEST_BYTES));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // each Java has it
    }
  }
}
