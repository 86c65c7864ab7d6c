// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before another attempt: doubling, with jitter. */
final class Backoff {
  private static final long FIRST_MILLIS = 100;
  private static final long LONGEST_MILLIS = 10_000;

  private Backoff() {}

  /**
   * @param failures how often it has failed, from 1
   * @return between half of the doubled delay and all of it, at most 10 s, in milliseconds
   */
  static long delayMillis(int failures) {
    long full = Math.min(LONGEST_MILLIS, FIRST_MILLIS << Math.min(failures - 1, 20));
    return ThreadLocalRandom.current().nextLong(full / 2, full + 1);
  }
}
