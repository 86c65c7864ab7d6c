// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.format;

import java.util.regex.Pattern;

/** What happens when a file does not lie under its stored name; ordered from lax to strict. */
public enum NamePolicy {
  IGNORE,
  WARN,
  ENFORCE;

  private static final Pattern SLASHES = Pattern.compile("/+");

  // What Flink never moves: checkpoints, the blobs of high availability (by their directories), its
  // execution plans and pointers to checkpoints (by their names). Job results it renames.
  private static final Pattern BOUND_DIRECTORY =
      Pattern.compile("chk-[0-9]+|shared|taskowned|job_[0-9a-f]{32}|no_job");
  private static final Pattern BOUND_FILE =
      Pattern.compile("(completedCheckpoint|submittedExecutionPlan)[0-9a-f]+");
  private static final String SAVEPOINT = "savepoint-";

  /** The policy of a file at this path: what Flink never moves stays where it was written. */
  public static NamePolicy of(String path) {
    String[] parts = SLASHES.split(path);
    String directory = parts.length < 2 ? "" : parts[parts.length - 2];
    String name = parts.length == 0 ? "" : parts[parts.length - 1];
    if (BOUND_DIRECTORY.matcher(directory).matches() || BOUND_FILE.matcher(name).matches()) {
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
