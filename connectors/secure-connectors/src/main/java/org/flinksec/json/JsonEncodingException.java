// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

/**
 * A row does not hold what its type declares, which is the fault of the function that made it; or,
 * as {@link UnwritableValueException}, a value that JSON cannot express.
 */
public class JsonEncodingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public JsonEncodingException(String message) {
    super(message);
  }
}
