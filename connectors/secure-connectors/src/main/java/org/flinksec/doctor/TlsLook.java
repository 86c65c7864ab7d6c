// SPDX-License-Identifier: Apache-2.0
package org.flinksec.doctor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.flinksec.tls.TlsContexts;
import org.flinksec.tls.TlsSettings;
import org.flinksec.tls.Verification;

/** A handshake with a server: what it shows, and whether the settings take it. */
public final class TlsLook {
  private static final int TIMEOUT_MILLIS = 5000;

  private TlsLook() {}

  /**
   * Connects twice: to see the certificates, whatever they are, and to judge them.
   *
   * @param host the name that the certificate must have, in mode {@code full}
   * @param port where TLS is spoken
   * @param tls {@code verification}, and, if they are set, {@code min_tls_version}, {@code
   *     fingerprint}, and as paths {@code ca_certs}, {@code client_cert}, {@code client_key}, and
   *     the passwords of the files
   * @return {@code chain}: the certificates that the server shows, its own first, in base64 of DER,
   *     separated by spaces; {@code refused}: why the settings do not take them, if they do not;
   *     {@code protocol}, {@code cipher}: of the connection, if they do
   * @throws LookException if it cannot be reached, speaks no TLS, or a file cannot be used
   */
  public static Map<String, String> look(String host, int port, Map<String, String> tls)
      throws LookException {
    Map<String, String> facts = new LinkedHashMap<>();
    try {
      facts.put("chain", encoded(shown(host, port)));
      SSLContext context = TlsContexts.create(settings(tls));
      try (SSLSocket socket = connect(context, host, port)) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        parameters.setProtocols(settings(tls).versions());
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        facts.put("protocol", socket.getSession().getProtocol());
        facts.put("cipher", socket.getSession().getCipherSuite());
      } catch (IOException e) {
        facts.put("refused", LookException.told(e));
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw new LookException(e);
    }
    return facts;
  }

  private static TlsSettings settings(Map<String, String> tls) {
    return new TlsSettings(
        Verification.parse(tls.get("verification")),
        tls.getOrDefault("min_tls_version", TlsSettings.OLDEST),
        tls.get("ca_certs"),
        tls.get("ca_certs_password"),
        tls.get("fingerprint"),
        tls.get("client_cert"),
        tls.get("client_key"),
        tls.get("client_key_password"));
  }

  private static List<X509Certificate> shown(String host, int port)
      throws IOException, GeneralSecurityException {
    Recorder recorder = new Recorder();
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {recorder}, null);
    try (SSLSocket socket = connect(context, host, port)) {
      socket.startHandshake();
    } catch (IOException e) {
      // It may want a certificate of ours, which comes after it has shown its own.
      if (recorder.chain.isEmpty()) {
        throw e;
      }
    }
    return recorder.chain;
  }

  private static SSLSocket connect(SSLContext context, String host, int port) throws IOException {
    Socket plain = new Socket();
    try {
      plain.connect(new InetSocketAddress(host, port), TIMEOUT_MILLIS);
      plain.setSoTimeout(TIMEOUT_MILLIS);
      return (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true);
    } catch (IOException | RuntimeException e) {
      plain.close();
      throw e;
    }
  }

  private static String encoded(List<X509Certificate> chain) throws GeneralSecurityException {
    List<String> texts = new ArrayList<>();
    for (X509Certificate certificate : chain) {
      texts.add(Base64.getEncoder().encodeToString(certificate.getEncoded()));
    }
    return String.join(" ", texts);
  }

  /** Takes every server, and nothing is sent to it: it is only there to see what it shows. */
  private static final class Recorder extends X509ExtendedTrustManager {
    private List<X509Certificate> chain = List.of();

    @Override
    public void checkServerTrusted(X509Certificate[] shown, String authType) {
      chain = List.of(shown);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] shown, String authType, Socket socket) {
      chain = List.of(shown);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] shown, String authType, SSLEngine engine) {
      chain = List.of(shown);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] shown, String authType) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] shown, String authType, Socket socket) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] shown, String authType, SSLEngine engine) {
      throw new UnsupportedOperationException();
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
