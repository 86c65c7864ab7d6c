// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before another attempt: doubling, with jitter. */
final class Backoff {
  private Backoff() {}

  /**
   * @param failures how often it has failed, from 1
   * @param first the delay after the first failure, in milliseconds
   * @param longest the longest delay, in milliseconds
   * @return between half of the doubled delay and all of it, in milliseconds
   */
  static long delayMillis(int failures, long first, long longest) {
    long full = Math.min(longest, first << Math.min(failures - 1, 20));
    return ThreadLocalRandom.current().nextLong(full / 2, full + 1);
  }
}
