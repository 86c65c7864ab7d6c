// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Certificates to which a chain must lead, by the runtime's own path validation (RFC 5280).
 *
 * <p>Java looks at the dates of none that it is told to trust, be it a CA that has expired or the
 * server's own certificate, and takes RSA keys of 1024 bits. Here dates and sizes count, as they do
 * for OpenSSL.
 */
final class Authorities {
  /** As OpenSSL has it at its security level 2, which is Python's. */
  private static final int FEWEST_BITS = 2048;

  private final List<X509Certificate> all;
  private List<X509Certificate> valid = List.of();
  private X509ExtendedTrustManager pkix;

  private Authorities(List<X509Certificate> all) {
    this.all = List.copyOf(all);
  }

  static Authorities of(List<X509Certificate> trusted) {
    return new Authorities(trusted);
  }

  /** Those that the Java runtime trusts. */
  static Authorities ofTheRuntime() throws GeneralSecurityException {
    return new Authorities(List.of(factory(null).getAcceptedIssuers()));
  }

  /** Validates a chain, whatever host it is shown by. */
  void check(X509Certificate[] chain, String authType) throws CertificateException {
    now().checkServerTrusted(chain, authType);
    requireOwn(chain);
  }

  /** Validates a chain, and the host name if the connection asks for it. */
  void check(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    now().checkServerTrusted(chain, authType, engine);
    requireOwn(chain);
  }

  /** Validates a chain, and the host name if the connection asks for it. */
  void check(X509Certificate[] chain, String authType, SSLSocket socket)
      throws CertificateException {
    now().checkServerTrusted(chain, authType, socket);
    requireOwn(chain);
  }

  /** What Java does not look at in what it finds trusted. */
  private static void requireOwn(X509Certificate[] chain) throws CertificateException {
    chain[0].checkValidity();
    for (X509Certificate one : chain) {
      if (!isStrong(one)) {
        throw new CertificateException(
            "an RSA key of its chain has fewer than %d bits".formatted(FEWEST_BITS));
      }
    }
  }

  private static boolean isStrong(X509Certificate certificate) {
    return !(certificate.getPublicKey() instanceof RSAPublicKey key)
        || key.getModulus().bitLength() >= FEWEST_BITS;
  }

  private synchronized X509ExtendedTrustManager now() throws CertificateException {
    Date now = Date.from(Instant.now());
    List<X509Certificate> found =
        all.stream()
            .filter(one -> !now.before(one.getNotBefore()) && !now.after(one.getNotAfter()))
            .filter(Authorities::isStrong)
            .toList();
    if (found.isEmpty()) {
      throw new CertificateException(
          "every certificate that is trusted is expired, not yet valid, or has a weak key");
    }
    if (pkix == null || !found.equals(valid)) {
      try {
        pkix = factory(store(found));
        valid = found;
      } catch (GeneralSecurityException | IOException e) {
        throw new CertificateException("the trusted certificates cannot be used", e);
      }
    }
    return pkix;
  }

  private static X509ExtendedTrustManager factory(KeyStore store) throws GeneralSecurityException {
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
  }

  private static KeyStore store(List<X509Certificate> trusted)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (int i = 0; i < trusted.size(); i++) {
      store.setCertificateEntry("ca-" + i, trusted.get(i));
    }
    return store;
  }
}
