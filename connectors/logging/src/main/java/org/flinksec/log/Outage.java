// SPDX-License-Identifier: Apache-2.0
package org.flinksec.log;

import java.util.Optional;

/** The time from a logged failure to the next complete checkpoint. */
final class Outage {
  private long first;
  private int failures;

  /**
   * What there was.
   *
   * @param first when the first failure was logged, in epoch milliseconds
   * @param failures how many were
   */
  record Ended(long first, int failures) {}

  synchronized void failure(long now) {
    if (failures == 0) {
      first = now;
    }
    failures++;
  }

  /** Says what has ended, if there was anything. */
  synchronized Optional<Ended> end() {
    if (failures == 0) {
      return Optional.empty();
    }
    Ended ended = new Ended(first, failures);
    failures = 0;
    return Optional.of(ended);
  }
}
