// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.util.Set;

/** What happens when a file does not lie under its stored name; ordered from lax to strict. */
public enum NamePolicy {
  IGNORE,
  WARN,
  ENFORCE;

  private static final Set<String> BOUND_DIRECTORIES = Set.of("shared", "taskowned", "no_job");
  private static final String CHECKPOINT = "chk-";
  private static final String JOB = "job_";
  private static final int JOB_ID_DIGITS = 32;
  private static final String SAVEPOINT = "savepoint-";

  /** The policy of a file at this path: what Flink never moves stays where it was written. */
  public static NamePolicy of(String path) {
    int nameEnd = endWithoutSlashes(path, path.length());
    int nameStart = path.lastIndexOf('/', nameEnd - 1) + 1;
    int directoryEnd = endWithoutSlashes(path, nameStart);
    int directoryStart = path.lastIndexOf('/', directoryEnd - 1) + 1;
    String directory = path.substring(directoryStart, directoryEnd);
    if (isBoundDirectory(directory) || isBoundFile(path.substring(nameStart, nameEnd))) {
      return ENFORCE;
    }
    return directory.startsWith(SAVEPOINT) ? WARN : IGNORE;
  }

  // What Flink never moves: checkpoints, the blobs of high availability (by their directories), its
  // execution plans and pointers to checkpoints (by their names). Job results it renames.
  private static boolean isBoundDirectory(String name) {
    return BOUND_DIRECTORIES.contains(name)
        || Names.isNumbered(name, CHECKPOINT)
        || name.length() == JOB.length() + JOB_ID_DIGITS && Names.isHexNumbered(name, JOB);
  }

  private static boolean isBoundFile(String name) {
    return Names.isHexNumbered(name, "completedCheckpoint")
        || Names.isHexNumbered(name, "submittedExecutionPlan");
  }

  private static int endWithoutSlashes(String path, int from) {
    int end = from;
    while (end > 0 && path.charAt(end - 1) == '/') {
      end--;
    }
    return end;
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
