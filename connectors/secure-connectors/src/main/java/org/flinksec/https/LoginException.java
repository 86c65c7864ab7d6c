// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.io.IOException;

/** Credentials cannot be used; the message begins with the setting's name, and holds no secret. */
public final class LoginException extends IOException {
  private static final long serialVersionUID = 1L;

  LoginException(String message) {
    super(message);
  }
}
