// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

/** Validates the chain, and keeps the connection, with its host name, from the validator. */
final class AnyNameTrustManager extends ServerTrustManager {
  private final Authorities authorities;

  AnyNameTrustManager(Authorities authorities) {
    this.authorities = authorities;
  }

  @Override
  void check(X509Certificate[] chain, String authType, Connection connection)
      throws CertificateException {
    authorities.check(chain, authType);
  }
}
