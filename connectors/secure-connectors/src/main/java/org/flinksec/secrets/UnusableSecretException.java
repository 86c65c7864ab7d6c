// SPDX-License-Identifier: Apache-2.0
package org.flinksec.secrets;

import java.io.IOException;

/** A secret cannot be read; the message begins with the setting's name, and holds no secret. */
public final class UnusableSecretException extends IOException {
  private static final long serialVersionUID = 1L;

  UnusableSecretException(String message) {
    super(message);
  }
}
