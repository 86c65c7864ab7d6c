// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Which names Elasticsearch takes for an index. {@code flinksec_jobs.index_names} has the same
 * rules for what a job says; here they are held against what a record makes of it.
 */
final class IndexNames {
  private static final int LONGEST = 255;
  private static final String FORBIDDEN = "\\/*?\"<>| ,#:";

  private IndexNames() {}

  /** What is wrong with a name, without the name; null if nothing is. */
  static String problem(String name) {
    if (name.isEmpty()) {
      return "is empty";
    }
    if (!name.equals(name.toLowerCase(Locale.ROOT))) {
      return "is not lowercase";
    }
    if (name.equals(".") || name.equals("..")) {
      return "is . or ..";
    }
    if ("_-+".indexOf(name.charAt(0)) >= 0) {
      return "starts with " + name.charAt(0);
    }
    if (name.codePoints().anyMatch(c -> FORBIDDEN.indexOf(c) >= 0 || !isPrintable(c))) {
      return "contains one of " + FORBIDDEN + " or what is not printed";
    }
    return name.getBytes(StandardCharsets.UTF_8).length > LONGEST
        ? "has more than %d bytes".formatted(LONGEST)
        : null;
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
