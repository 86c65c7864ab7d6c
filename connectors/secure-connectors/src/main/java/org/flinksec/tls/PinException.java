// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.security.cert.CertificateException;

/** What a server shows is not what has the fingerprint. */
final class PinException extends CertificateException {
  private static final long serialVersionUID = 1L;

  PinException(String message) {
    super(message);
  }
}
