// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logging;

import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Logs the first of a run of similar warnings, then so many per interval, with how many were left
 * out.
 */
public final class LimitedWarnings {
  /** An interval begins with a warning and lasts so long, in milliseconds. */
  public static final long INTERVAL_MILLIS = 10_000;

  /** How many reasons of an interval the log has of what a job leaves out. */
  public static final int SKIPPED = 20;

  private final Logger logger;
  private final int most;
  private final LongSupplier clock;
  private boolean started;
  private long begun;
  private int logged;
  private long leftOut;

  /** Of one warning in an interval. */
  public LimitedWarnings(Logger logger) {
    this(logger, 1);
  }

  /**
   * @param most so many warnings in an interval
   */
  public LimitedWarnings(Logger logger, int most) {
    this(logger, most, () -> System.nanoTime() / 1_000_000);
  }

  LimitedWarnings(Logger logger, int most, LongSupplier clock) {
    this.logger = logger;
    this.most = most;
    this.clock = clock;
  }

  public synchronized void warn(String message) {
    long now = clock.getAsLong();
    if (!started || now - begun >= INTERVAL_MILLIS) {
      started = true;
      begun = now;
      logged = 0;
    }
    if (logged == most) {
      leftOut++;
      return;
    }
    logger.warn("{}{}", message, leftOut == 0 ? "" : " (and " + leftOut + " more since the last)");
    logged++;
    leftOut = 0;
  }
}
