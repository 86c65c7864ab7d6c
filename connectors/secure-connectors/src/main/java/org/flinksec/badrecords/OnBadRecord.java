// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import org.flinksec.choices.Choices;

/** What happens to a bad record: what a job chooses by {@code on_error}. */
public enum OnBadRecord {
  /** The job fails, with where the record is and what is wrong with it. */
  FAIL,
  /** The record is left out, counted, and named in a warning. */
  SKIP,
  /** The record goes to the job's topic of dead letters, with what is wrong with it. */
  DEAD_LETTER;

  /** The argument, and the flat setting, that chooses. */
  public static final String ARGUMENT = "on_error";

  /** The word in settings and messages. */
  public String word() {
    return Choices.word(this);
  }

  /**
   * @throws IllegalArgumentException if there is no such choice; the message lists them
   */
  public static OnBadRecord parse(String word) {
    return Choices.parse(OnBadRecord.class, ARGUMENT, word);
  }
}
