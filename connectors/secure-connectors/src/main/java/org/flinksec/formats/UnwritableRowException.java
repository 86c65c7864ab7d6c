// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats;

/** A row cannot be written to a file; the message says why, not what it holds. */
public final class UnwritableRowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param target what the row goes to: {@code the HDFS path /flights}
   * @param reason without a value of the row
   */
  public UnwritableRowException(String target, String reason) {
    super("a row for %s cannot be written: %s".formatted(target, reason));
  }
}
