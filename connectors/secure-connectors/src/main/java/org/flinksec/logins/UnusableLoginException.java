// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.io.IOException;

/** A login cannot be made; the message begins with the setting's name, and holds no secret. */
public final class UnusableLoginException extends IOException {
  private static final long serialVersionUID = 1L;

  UnusableLoginException(String message) {
    super(message);
  }
}
