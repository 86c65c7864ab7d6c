// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

/** A job names a field that is not there, or whose type does not fit; written for its author. */
public final class FieldException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public FieldException(String message) {
    super(message);
  }
}
