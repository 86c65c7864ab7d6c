// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

/** A provider cannot be asked now: this says nothing about any file. */
public final class KeysUnavailableException extends KeyException {
  public KeysUnavailableException(String message) {
    super(message);
  }

  public KeysUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
