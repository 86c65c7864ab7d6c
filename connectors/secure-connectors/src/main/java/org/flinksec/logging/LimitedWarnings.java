// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logging;

import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Logs the first of a run of similar warnings, then at most one per interval, with how many were
 * left out.
 */
public final class LimitedWarnings {
  /** At most one warning in this time, in milliseconds. */
  public static final long INTERVAL_MILLIS = 10_000;

  private final Logger logger;
  private final LongSupplier clock;
  private boolean started;
  private long lastLogged;
  private long leftOut;

  public LimitedWarnings(Logger logger) {
    this(logger, () -> System.nanoTime() / 1_000_000);
  }

  LimitedWarnings(Logger logger, LongSupplier clock) {
    this.logger = logger;
    this.clock = clock;
  }

  public synchronized void warn(String message) {
    long now = clock.getAsLong();
    if (started && now - lastLogged < INTERVAL_MILLIS) {
      leftOut++;
      return;
    }
    logger.warn("{}{}", message, leftOut == 0 ? "" : " (and " + leftOut + " more since the last)");
    started = true;
    lastLogged = now;
    leftOut = 0;
  }
}
