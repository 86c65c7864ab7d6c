// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import static java.nio.charset.StandardCharsets.UTF_8;

/** The name that a sealed file carries inside: where it belongs, never an absolute path. */
public final class StoredName {
  static final int MAX_BYTES = 255;
  private static final int MOVABLE_COMPONENTS = 3;

  private StoredName() {}

  /**
   * The name for a new file: below the root if it lies there; else, of a file that is never moved,
   * the whole path, so that no file of another job, directory or mount stands in for it; of others
   * the last three components. Leading components are left out until the name fits 255 bytes.
   *
   * @param path the file's absolute path
   * @param root the directory that names are relative to, or null
   */
  public static String of(String path, String root) {
    String name = root == null ? null : below(path, root);
    if (name == null) {
      name =
          NamePolicy.of(path) == NamePolicy.ENFORCE
              ? path.substring(leadingSlashes(path))
              : lastComponents(path);
    }
    while (name.getBytes(UTF_8).length > MAX_BYTES) {
      int slash = name.indexOf('/');
      if (slash < 0) {
        throw new IllegalArgumentException("a file name has at most 255 bytes: " + name);
      }
      name = name.substring(slash + 1);
    }
    return name;
  }

  /** Whether the file at this path lies under its stored name. */
  public static boolean matches(String path, String storedName) {
    return path.equals(storedName) || path.endsWith("/" + storedName);
  }

  private static String below(String path, String root) {
    String prefix = root.endsWith("/") ? root : root + "/";
    return path.startsWith(prefix) && path.length() > prefix.length()
        ? path.substring(prefix.length())
        : null;
  }

  private static int leadingSlashes(String path) {
    int count = 0;
    while (count < path.length() && path.charAt(count) == '/') {
      count++;
    }
    return count;
  }

  private static String lastComponents(String path) {
    int start = path.length();
    for (int i = 0; i < MOVABLE_COMPONENTS && start > 0; i++) {
      start = path.lastIndexOf('/', start - 1);
    }
    return path.substring(start + 1);
  }
}
