// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.elasticsearch;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Properties;
import java.util.function.Supplier;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;

/** Server side TLS engines from PKCS#12 stores. */
final class Tls {
  private Tls() {}

  /**
   * Reads the stores.
   *
   * @param settings {@code keystore}, {@code truststore}, {@code store.password}, {@code
   *     client.certificate.required}
   */
  static Supplier<SSLEngine> engines(Properties settings) throws Exception {
    char[] password = settings.getProperty("store.password").toCharArray();
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store(settings.getProperty("keystore"), password), password);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store(settings.getProperty("truststore"), password));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    boolean demand = Boolean.parseBoolean(settings.getProperty("client.certificate.required"));
    return () -> {
      SSLEngine engine = context.createSSLEngine();
      engine.setUseClientMode(false);
      engine.setNeedClientAuth(demand);
      engine.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
      return engine;
    };
  }

  private static KeyStore store(String path, char[] password) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream file = Files.newInputStream(Path.of(path))) {
      store.load(file, password);
    }
    return store;
  }
}
