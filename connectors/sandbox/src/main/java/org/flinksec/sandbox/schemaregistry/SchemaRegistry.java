// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.schemaregistry;

import java.io.InputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Map;
import java.util.Properties;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.flinksec.sandbox.Owner;

/**
 * Apicurio Registry in this JVM, with the {@link Door} in front of it.
 *
 * <p>Apicurio checks passwords only at an OpenID server. So the door checks them, and Apicurio
 * listens on loopback, where it lets in everybody of this machine: whether it asks for client
 * certificates was decided when it was built.
 *
 * <p>Argument: a file of properties: {@code host} and {@code port} to listen on, {@code name} of
 * this host in its certificate, {@code inner.port} of Apicurio's own listener, {@code data} (a path
 * without suffix), {@code keystore} and {@code truststore} with {@code store.password}, and {@code
 * authorization.N} (accepted values of that header).
 */
public final class SchemaRegistry {
  private static final String MAIN = "io.quarkus.runner.GeneratedMain";

  private SchemaRegistry() {}

  /** Starts it, and stops it when the owner is gone. */
  public static void main(String[] arguments) {
    Owner.run(owner -> run(owner, arguments));
  }

  private static void run(Owner owner, String[] arguments) throws Exception {
    Properties settings = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(arguments[0]))) {
      settings.load(reader);
    }
    configure(settings);
    Thread apicurio = new Thread(SchemaRegistry::apicurio, "apicurio");
    apicurio.setDaemon(true);
    apicurio.start();
    Door door = new Door(settings, tls(settings));
    door.awaitInner();
    door.open();
    owner.ready("schema-registry");
    owner.awaitEnd();
    door.close();
  }

  private static void apicurio() {
    try {
      Class.forName(MAIN).getMethod("main", String[].class).invoke(null, (Object) new String[0]);
    } catch (ReflectiveOperationException e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void configure(Properties settings) {
    String password = settings.getProperty("store.password");
    Map<String, String> options =
        Map.ofEntries(
            Map.entry("java.util.logging.manager", "org.jboss.logmanager.LogManager"),
            Map.entry("quarkus.http.host", "127.0.0.1"),
            Map.entry("quarkus.http.insecure-requests", "disabled"),
            Map.entry("quarkus.http.ssl-port", settings.getProperty("inner.port")),
            Map.entry(
                "quarkus.http.ssl.certificate.key-store-file", settings.getProperty("keystore")),
            Map.entry("quarkus.http.ssl.certificate.key-store-password", password),
            Map.entry(
                "quarkus.http.ssl.certificate.trust-store-file",
                settings.getProperty("truststore")),
            Map.entry("quarkus.http.ssl.certificate.trust-store-password", password),
            Map.entry("quarkus.log.level", "WARN"),
            // Schemas outlive it as Kafka's topics do, whose records name them.
            Map.entry("REGISTRY_DATASOURCE_URL", "jdbc:h2:file:" + settings.getProperty("data")));
    options.forEach(System::setProperty);
  }

  private static SSLContext tls(Properties settings) throws Exception {
    char[] password = settings.getProperty("store.password").toCharArray();
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store(settings.getProperty("keystore"), password), password);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store(settings.getProperty("truststore"), password));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static KeyStore store(String path, char[] password) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(Path.of(path))) {
      store.load(in, password);
    }
    return store;
  }
}
