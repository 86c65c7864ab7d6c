// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import org.apache.flink.metrics.Counter;
import org.flinksec.logging.LimitedWarnings;
import org.slf4j.Logger;

/**
 * Does with the bad records of one reader or writer what {@code on_error} says.
 *
 * <p>It may be used by several threads if the counter may.
 */
public final class BadRecords {
  private final OnBadRecord choice;
  private final Counter leftOut;
  private final LimitedWarnings warnings;

  /**
   * @param choice what the job chose
   * @param leftOut counts what is left out, dead letters included
   * @param logger has the reasons
   */
  public BadRecords(OnBadRecord choice, Counter leftOut, Logger logger) {
    this.choice = choice;
    this.leftOut = leftOut;
    this.warnings = new LimitedWarnings(logger, LimitedWarnings.SKIPPED);
  }

  /**
   * Leaves out a bad record, where that was chosen.
   *
   * @param brake counts those in a row
   * @return whether it is to become a dead letter: then its caller makes one
   * @throws BadRecordException if the job is to fail, or this one is one too many
   */
  public boolean met(BadRecord bad, SkipBrake brake) throws BadRecordException {
    if (choice == OnBadRecord.FAIL) {
      throw new BadRecordException(bad.message());
    }
    if (brake.skipped()) {
      throw new BadRecordException(brake.tooMany(choice) + bad.message());
    }
    leftOut.inc();
    if (choice == OnBadRecord.DEAD_LETTER) {
      return true;
    }
    SkipTally.add(bad.origin().all());
    warnings.warn("Left out, as %s says: %s".formatted(said(choice), bad.message()));
    return false;
  }

  /** How many were left out. */
  public long leftOut() {
    return leftOut.getCount();
  }

  static String said(OnBadRecord choice) {
    return "%s = \"%s\"".formatted(OnBadRecord.ARGUMENT, choice.word());
  }
}
