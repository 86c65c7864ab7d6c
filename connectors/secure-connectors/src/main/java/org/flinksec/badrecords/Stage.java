// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

/** Where on its way through a job a record turned out to be bad. */
public enum Stage {
  /** It was read, and is not what the job reads. */
  DECODE("cannot be decoded"),
  /** A function of the job cannot deal with it. */
  FUNCTION("cannot be processed"),
  /** It has no form in which it could be written. */
  ENCODE("cannot be written"),
  /** The server that it was sent to will never take it. */
  REFUSED("is refused");

  private final String verdict;

  Stage(String verdict) {
    this.verdict = verdict;
  }

  String verdict() {
    return verdict;
  }
}
