// SPDX-License-Identifier: Apache-2.0
package org.flinksec.log;

import java.util.Map;
import java.util.Optional;

/** What to do about failures that a job meets while it runs, as somebody took a right away. */
final class Advice {
  private static final Map<String, String> BY_CLASS =
      Map.of(
          "TopicAuthorizationException",
          "give the job's principal its right on the topic again: READ, or WRITE, and DESCRIBE",
          "TransactionalIdAuthorizationException",
          "give the job's principal WRITE and DESCRIBE on its transactional ids again: they begin"
              + " with the job's name and a colon, or with kafka.transactional_id_prefix and a"
              + " slash",
          "GroupAuthorizationException",
          "give the job's principal READ on its group, kafka.group_id, again; until then the job"
              + " goes on, as its offsets are in its checkpoints, but Kafka does not show how far"
              + " it is");

  private Advice() {}

  /**
   * Returns a hint, if there is one.
   *
   * @param cause the simple name of the class of a failure's root
   */
  static Optional<String> about(String cause) {
    return Optional.ofNullable(BY_CLASS.get(cause));
  }
}
