// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.security.cert.CertificateException;

/** A certificate is not issued for the host that shows it. */
final class WrongNameException extends CertificateException {
  private static final long serialVersionUID = 1L;

  WrongNameException(String message) {
    super(message);
  }
}
