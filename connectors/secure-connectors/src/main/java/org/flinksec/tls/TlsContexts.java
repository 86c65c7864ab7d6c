// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** Makes TLS contexts for clients. */
public final class TlsContexts {
  private static final char[] NO_PASSWORD = {};

  private TlsContexts() {}

  /**
   * Reads the files and makes a context. With {@link Verification#FULL} the context refuses to be
   * used without endpoint identification, so that a client that forgets to ask for it fails instead
   * of accepting any name; in all other modes a client need not ask. The versions of TLS are the
   * caller's to set, see {@link TlsSettings#versions}.
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
      case FULL -> new FullTrustManager(authorities(settings));
      case CERTIFICATE -> new AnyNameTrustManager(authorities(settings));
      case FINGERPRINT -> new PinnedTrustManager(settings.fingerprint());
      case NONE -> new UncheckedTrustManager();
    };
  }

  private static Authorities authorities(TlsSettings settings) throws TlsException {
    if (settings.caCerts() != null) {
      return Authorities.of(settings.files().authorities());
    }
    try {
      return Authorities.ofTheRuntime();
    } catch (GeneralSecurityException e) {
      throw new TlsException("ca_certs: cannot use the Java runtime's: " + e.getMessage(), e);
    }
  }

  private static KeyManager[] keyManagers(TlsSettings settings) throws TlsException {
    KeyStoreFile.Entry own = settings.files().own();
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "client", own.key(), NO_PASSWORD, own.chain().toArray(X509Certificate[]::new));
      KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
      factory.init(store, NO_PASSWORD);
      return factory.getKeyManagers();
    } catch (GeneralSecurityException | IOException e) {
      throw new TlsException(
          "client_cert: cannot use %s: %s".formatted(settings.clientCert(), e.getMessage()), e);
    }
  }
}
