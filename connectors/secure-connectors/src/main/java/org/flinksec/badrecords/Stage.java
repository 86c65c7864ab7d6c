// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

/** Where on its way through a job a record turned out to be bad. */
public enum Stage {
  /** It was read, and is not what the job reads. */
  DECODE("cannot be decoded", "VALUE_CONVERTER"),
  /** A function of the job cannot deal with it. */
  FUNCTION("cannot be processed", "TRANSFORMATION"),
  /** It has no form in which it could be written. */
  ENCODE("cannot be written", "KAFKA_PRODUCE"),
  /** The server that it was sent to will never take it. */
  REFUSED("is refused", "TASK_PUT");

  private final String verdict;
  private final String connectName;

  Stage(String verdict, String connectName) {
    this.verdict = verdict;
    this.connectName = connectName;
  }

  /** The word of Kafka Connect's {@code Stage}. */
  String connectName() {
    return connectName;
  }

  String verdict() {
    return verdict;
  }
}
