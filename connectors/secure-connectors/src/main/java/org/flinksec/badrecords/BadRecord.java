// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

/**
 * A record that cannot be used, through no fault of the job.
 *
 * @param stage where on its way that turned out
 * @param origin which record it is
 * @param why what is wrong with it, in words that are fit for logs: names of fields and types,
 *     nothing of its content
 */
public record BadRecord(Stage stage, Origin origin, String why) {
  /** All that is told of it. */
  public String message() {
    return "%s %s: %s".formatted(origin.one(), stage.verdict(), why);
  }
}
