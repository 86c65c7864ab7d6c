// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.util.regex.Pattern;

/** What happens when a file does not lie under its stored name; ordered from lax to strict. */
public enum NamePolicy {
  IGNORE,
  WARN,
  ENFORCE;

  private static final Pattern SLASHES = Pattern.compile("/+");
  private static final Pattern BOUND = Pattern.compile("chk-\\d+|shared|taskowned");
  private static final String SAVEPOINT = "savepoint-";

  /** The policy of a file at this path: Flink never moves a checkpoint's files, but may others. */
  public static NamePolicy of(String path) {
    String[] parts = SLASHES.split(path);
    String directory = parts.length < 2 ? "" : parts[parts.length - 2];
    if (BOUND.matcher(directory).matches()) {
      return ENFORCE;
    }
    return directory.startsWith(SAVEPOINT) ? WARN : IGNORE;
  }

  NamePolicy stricter(NamePolicy other) {
    return compareTo(other) >= 0 ? this : other;
  }

  /** The policy to apply: the stricter of the file's and the path's, as far as the limit allows. */
  public static NamePolicy effective(NamePolicy stored, String path, NamePolicy limit) {
    NamePolicy wanted = stored.stricter(of(path));
    return wanted.compareTo(limit) <= 0 ? wanted : limit;
  }
}
