// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.IOException;

/** A TLS context cannot be made; the message begins with the setting's name and names the file. */
public final class TlsException extends IOException {
  private static final long serialVersionUID = 1L;

  public TlsException(String message) {
    super(message);
  }

  public TlsException(String message, Throwable cause) {
    super(message, cause);
  }
}
