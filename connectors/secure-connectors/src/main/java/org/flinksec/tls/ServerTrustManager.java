// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Base of the trust managers of clients.
 *
 * <p>It has to be the extended class: JSSE wraps a plain {@code X509TrustManager} and then checks
 * the host name on top, whatever the mode says.
 */
abstract class ServerTrustManager extends X509ExtendedTrustManager {
  /** Judges what a server shows on a connection. */
  abstract void check(X509Certificate[] chain, String authType, Connection connection)
      throws CertificateException;

  /** What shows the chain; one of the two, or neither if the caller does not tell. */
  record Connection(SSLEngine engine, SSLSocket socket) {
    /** The name or address that the client connects to; null if it is not known. */
    String host() {
      if (engine != null) {
        return engine.getPeerHost();
      }
      return socket == null || socket.getHandshakeSession() == null
          ? null
          : socket.getHandshakeSession().getPeerHost();
    }

    /** Whether the client has asked for the host name to be checked. */
    boolean checksNames() {
      String asked =
          engine != null
              ? engine.getSSLParameters().getEndpointIdentificationAlgorithm()
              : socket != null
                  ? socket.getSSLParameters().getEndpointIdentificationAlgorithm()
                  : null;
      return "HTTPS".equalsIgnoreCase(asked);
    }
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain, authType, new Connection(null, null));
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain, authType, new Connection(null, socket instanceof SSLSocket ssl ? ssl : null));
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain, authType, new Connection(engine, null));
  }

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw noServer();
  }

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw noServer();
  }

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw noServer();
  }

  @Override
  public final X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }

  private static CertificateException noServer() {
    return new CertificateException("this context is for clients only");
  }
}
