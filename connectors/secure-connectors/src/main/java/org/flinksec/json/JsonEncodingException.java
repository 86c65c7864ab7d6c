// SPDX-License-Identifier: Apache-2.0
package org.flinksec.json;

/** A row holds a value that its declared type, or JSON itself, cannot express. */
public final class JsonEncodingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public JsonEncodingException(String message) {
    super(message);
  }
}
