// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** Makes TLS contexts for clients. */
public final class TlsContexts {
  private static final char[] NO_PASSWORD = {};

  private TlsContexts() {}

  /**
   * Reads the files and makes a context. With {@link Verification#FULL} the context refuses to be
   * used without endpoint identification, so that a client that forgets to ask for it fails instead
   * of accepting any name; in all other modes names are accepted whatever the client asks for.
   *
   * @throws TlsException if a file is missing, unreadable or holds something else
   */
  public static SSLContext create(TlsSettings settings) throws TlsException {
    KeyManager[] keys = settings.clientCert() == null ? null : keyManagers(settings);
    TrustManager[] trust = {trustManager(settings)};
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new TlsException("verification: cannot make a TLS context: " + e.getMessage(), e);
    }
  }

  static X509ExtendedTrustManager trustManager(TlsSettings settings) throws TlsException {
    return switch (settings.verification()) {
      case FULL -> new FullTrustManager(pkix(settings.caCerts()));
      case CERTIFICATE -> new AnyNameTrustManager(pkix(settings.caCerts()));
      case FINGERPRINT -> new PinnedTrustManager(settings.fingerprint());
      case NONE -> new UncheckedTrustManager();
    };
  }

  /** The runtime's own path validation, against a file or the runtime's own authorities. */
  private static X509ExtendedTrustManager pkix(String caCerts) throws TlsException {
    List<X509Certificate> authorities =
        caCerts == null ? null : Pem.certificates("ca_certs", caCerts);
    try {
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(authorities == null ? null : trustStore(authorities));
      return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
    } catch (GeneralSecurityException | IOException e) {
      throw new TlsException("ca_certs: cannot use " + caCerts + ": " + e.getMessage(), e);
    }
  }

  private static KeyStore trustStore(List<X509Certificate> authorities)
      throws GeneralSecurityException, IOException {
    KeyStore store = emptyStore();
    for (int i = 0; i < authorities.size(); i++) {
      store.setCertificateEntry("ca-" + i, authorities.get(i));
    }
    return store;
  }

  private static KeyManager[] keyManagers(TlsSettings settings) throws TlsException {
    List<X509Certificate> chain = Pem.certificates("client_cert", settings.clientCert());
    PrivateKey key = Pem.privateKey("client_key", settings.clientKey());
    if (!KeyPairs.belongTogether(key, chain.get(0).getPublicKey())) {
      throw new TlsException(
          "client_key: the key in %s does not belong to client_cert %s"
              .formatted(settings.clientKey(), settings.clientCert()));
    }
    try {
      KeyStore store = emptyStore();
      store.setKeyEntry("client", key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
      KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
      factory.init(store, NO_PASSWORD);
      return factory.getKeyManagers();
    } catch (GeneralSecurityException | IOException e) {
      throw new TlsException(
          "client_cert: cannot use %s with client_key %s: %s"
              .formatted(settings.clientCert(), settings.clientKey(), e.getMessage()),
          e);
    }
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
