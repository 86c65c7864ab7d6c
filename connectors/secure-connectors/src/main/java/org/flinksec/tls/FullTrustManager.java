// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Validates chain and host name, and refuses a connection on which names would go unchecked, or be
 * looked for in the subject.
 */
final class FullTrustManager extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager pkix;

  FullTrustManager(X509ExtendedTrustManager pkix) {
    this.pkix = pkix;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    SSLSocket ssl = socket instanceof SSLSocket found ? found : null;
    requireNameCheck(ssl == null ? null : ssl.getSSLParameters());
    ServerNames.require(chain[0], ssl.getSSLParameters(), ssl.getHandshakeSession());
    pkix.checkServerTrusted(chain, authType, socket);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    requireNameCheck(engine == null ? null : engine.getSSLParameters());
    ServerNames.require(chain[0], engine.getSSLParameters(), engine.getHandshakeSession());
    pkix.checkServerTrusted(chain, authType, engine);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    requireNameCheck(null);
  }

  private static void requireNameCheck(SSLParameters parameters) throws CertificateException {
    if (parameters == null
        || !"HTTPS".equalsIgnoreCase(parameters.getEndpointIdentificationAlgorithm())) {
      throw new CertificateException(
          "verification is full, but the client did not ask for the host name to be checked");
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw ServerTrustManager.noServer();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw ServerTrustManager.noServer();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw ServerTrustManager.noServer();
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return pkix.getAcceptedIssuers();
  }
}
