// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

/**
 * Tells a job that leaves out a bad record here and there from one in which nothing gets through,
 * whose fault is its own: a wrong topic, a wrong record class, a wrong index.
 *
 * <p>It may be used by several threads.
 */
public final class SkipBrake {
  /** The setting that says how many. */
  public static final String SETTING = "job.max_skipped_in_a_row";

  /** How many are left out in a row unless the setting says otherwise. */
  public static final int DEFAULT = 100;

  private final int most;
  private volatile int inARow;

  /**
   * @param most so many may be left out one after the other; 0 for any number
   */
  public SkipBrake(int most) {
    this.most = most;
  }

  /** A record got through. */
  public void passed() {
    if (inARow != 0) { // as a rule: then it costs a look, and no lock
      reset();
    }
  }

  private synchronized void reset() {
    inARow = 0;
  }

  /**
   * A record is to be left out.
   *
   * @return whether it is one too many
   */
  synchronized boolean skipped() {
    if (most == 0) {
      return false;
    }
    inARow++;
    return inARow > most;
  }

  /** The start of a message about the record that was too many. */
  String tooMany(OnBadRecord choice) {
    return "%s has left out %d in a row (%s), and let none through: that is the job's fault. The last one: "
        .formatted(BadRecords.said(choice), most, SETTING);
  }
}
