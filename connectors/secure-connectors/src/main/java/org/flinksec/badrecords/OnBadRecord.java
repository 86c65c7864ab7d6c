// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

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
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws IllegalArgumentException if there is no such choice; the message lists them
   */
  public static OnBadRecord parse(String word) {
    return Arrays.stream(values())
        .filter(choice -> choice.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s is '%s'; it must be %s"
                        .formatted(
                            ARGUMENT,
                            word,
                            Arrays.stream(values())
                                .map(choice -> "'" + choice.word() + "'")
                                .collect(Collectors.joining(" or ")))));
  }
}
