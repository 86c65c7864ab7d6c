// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

/** A value of the declared type that JSON cannot express: the record's own fault, not the job's. */
public final class UnwritableValueException extends JsonEncodingException {
  private static final long serialVersionUID = 1L;

  public UnwritableValueException(String message) {
    super(message);
  }
}
