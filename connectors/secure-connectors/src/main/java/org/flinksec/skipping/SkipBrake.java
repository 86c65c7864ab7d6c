// SPDX-License-Identifier: Apache-2.0
package org.flinksec.skipping;

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
  private final String what;
  private int inARow;

  /**
   * @param most so many may be left out one after the other; 0 for any number
   * @param what is left out, such as {@code records of the Kafka topic t}
   */
  public SkipBrake(int most, String what) {
    this.most = most;
    this.what = what;
  }

  /** A record got through. */
  public synchronized void passed() {
    inARow = 0;
  }

  /**
   * A record was left out.
   *
   * @return whether it is one too many
   */
  public synchronized boolean skipped() {
    if (most > 0 && ++inARow > most) {
      return true;
    }
    SkipTally.add(what);
    return false;
  }

  /** The start of a message about the record that was too many. */
  public String tooMany(String policy) {
    return "%s = \"skip\" has left out %d in a row (%s), and let none through: that is the job's fault. The last one: "
        .formatted(policy, most, SETTING);
  }
}
