// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

/**
 * Validates chain and host name, and refuses a connection on which names would go unchecked, or be
 * looked for in the subject.
 */
final class FullTrustManager extends ServerTrustManager {
  private final Authorities authorities;

  FullTrustManager(Authorities authorities) {
    this.authorities = authorities;
  }

  @Override
  void check(X509Certificate[] chain, String authType, Connection connection)
      throws CertificateException {
    if (!connection.checksNames()) {
      throw new CertificateException(
          "verification is full, but the client did not ask for the host name to be checked");
    }
    if (connection.engine() != null) {
      authorities.check(chain, authType, connection.engine());
    } else {
      authorities.check(chain, authType, connection.socket());
    }
    ServerNames.require(chain[0], connection.host());
  }
}
