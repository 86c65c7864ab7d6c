// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

/** The provider does not have the key-encryption key that a file names. */
public final class KeyMissingException extends KeyException {
  public KeyMissingException(String message) {
    super(message);
  }
}
