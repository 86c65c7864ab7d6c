// SPDX-License-Identifier: Apache-2.0
package org.flinksec.files;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Names of directories that say what a field holds, as Hive writes them: whatever that is, the name
 * is one that HDFS takes, that readers look into, and that is read back.
 */
public final class PartitionNames {
  /** What stands for null and for an empty text, as in Hive. */
  static final String NONE = "__HIVE_DEFAULT_PARTITION__";

  /** The longest name in bytes: {@code dfs.namenode.fs-limits.max-component-length}. */
  static final int LONGEST = 255;

  /** What is kept of a name that is cut off ends before a step of so many bytes, at most. */
  private static final int LONGEST_STEP = 5;

  private static final Pattern CUT = Pattern.compile("~[0-9a-f]{16}$");

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

  /**
   * What the name of a directory says.
   *
   * @param field that it names
   * @param value of it; null for null and the empty text
   */
  public record Named(String field, String value) {}

  /** Whether a name begins with what stands for null and the empty text: readers see it. */
  public static boolean isNone(String name) {
    return name.startsWith(NONE);
  }

  /**
   * Reads a name as Hive, Spark and this sink write them, and pyarrow: {@code day=2024-12-30}.
   *
   * @return null if it is no such name, or was cut off
   */
  public static Named read(String name) {
    int equals = name.indexOf('=');
    if (equals < 1 || isCut(name)) {
      return null;
    }
    String text = name.substring(equals + 1);
    return new Named(
        unescaped(name.substring(0, equals)),
        text.isEmpty() || text.equals(NONE) ? null : unescaped(text));
  }

  private static boolean isCut(String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    return bytes > LONGEST - LONGEST_STEP && CUT.matcher(name).find();
  }

  /** Text for what is escaped; bytes beyond ASCII, which others escape, too, are UTF-8. */
  static String unescaped(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); ) {
      if (text.charAt(i) == '%' && i + 2 < text.length() && isHex(text, i + 1)) {
        out.write(Integer.parseInt(text, i + 1, i + 3, 16));
        i += 3;
      } else {
        int point = text.codePointAt(i);
        out.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
        i += Character.charCount(point);
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  private static boolean isHex(String text, int at) {
    return Character.digit(text.charAt(at), 16) >= 0
        && Character.digit(text.charAt(at + 1), 16) >= 0;
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
