// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * So many dead letters a job may have in a time: more of them are no exceptions any longer.
 *
 * <p>All of one job in this JVM are counted together, over restarts too. A time begins with a
 * letter. It may be used by several threads.
 */
public final class DeadLetterQuota {
  /** The setting that says how many. */
  public static final String SETTING = "job.max_dead_letters";

  /** The setting that says in which time. */
  public static final String WINDOW = "job.dead_letter_window";

  private static final Map<String, DeadLetterQuota> OF_JOBS = new ConcurrentHashMap<>();

  private final int most;
  private final Duration window;
  private final LongSupplier clock;
  private long begun;
  private int count;

  DeadLetterQuota(int most, Duration window, LongSupplier clock) {
    this.most = most;
    this.window = window;
    this.clock = clock;
  }

  /**
   * The one of a job.
   *
   * @param job Flink's id of it
   * @param most so many letters; 0 for any number
   * @param window in this time
   */
  public static DeadLetterQuota ofJob(String job, int most, Duration window) {
    return OF_JOBS.computeIfAbsent(
        job, id -> new DeadLetterQuota(most, window, () -> System.nanoTime() / 1_000_000));
  }

  /**
   * Counts one letter more.
   *
   * @throws DeadLetterException if it is one too many
   */
  public synchronized void take(Letter letter) throws DeadLetterException {
    if (most == 0) {
      return;
    }
    long now = clock.getAsLong();
    if (count == 0 || now - begun >= window.toMillis()) {
      begun = now;
      count = 0;
    }
    if (count == most) {
      throw new DeadLetterException(
          "%d dead letters in %s are as many as the job may have (%s, %s). The next one: %s"
              .formatted(most, inWords(window), SETTING, WINDOW, letter.badRecord().message()));
    }
    count++;
  }

  private static String inWords(Duration window) {
    return window.toMillis() % 1000 == 0 ? window.toSeconds() + " s" : window.toMillis() + " ms";
  }
}
