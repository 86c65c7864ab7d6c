// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats;

/** A row cannot be written as a line; the message says why, not what it holds. */
public final class UnwritableLineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnwritableLineException(String target, String reason) {
    super("a row for %s cannot be written: %s".formatted(target, reason));
  }
}
