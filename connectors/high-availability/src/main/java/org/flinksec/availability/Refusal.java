// SPDX-License-Identifier: Apache-2.0
package org.flinksec.availability;

/** Ends the process: an exception would make Flink end the job, and forget its checkpoints. */
@FunctionalInterface
interface Refusal {
  /**
   * Says why, and does not come back.
   *
   * @param error what is wrong
   * @param hint the way out
   */
  void refuse(String error, String hint);

  /** As a process that did not start: 1. */
  static void endProcess(String error, String hint) {
    System.err.println("error: " + error);
    System.err.println("hint: " + hint);
    System.err.flush();
    Runtime.getRuntime().halt(1);
  }
}
