// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.keys;

import java.io.IOException;

/** A key ring or one of its keys cannot be used. Its message never holds key bytes. */
public class KeyException extends IOException {
  public KeyException(String message) {
    super(message);
  }

  public KeyException(String message, Throwable cause) {
    super(message, cause);
  }
}
