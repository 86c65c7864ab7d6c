// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

/** A statement failed on a record; the message says where, and holds none of its values. */
public final class StatementFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StatementFailedException(String message, StackTraceElement[] trace) {
    super(message);
    setStackTrace(trace);
  }
}
