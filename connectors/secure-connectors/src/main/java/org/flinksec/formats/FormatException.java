// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats;

/** A format has no form for a record, or its options do not fit; written for the job's author. */
public final class FormatException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public FormatException(String message) {
    super(message);
  }
}
