// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.security.Provider;
import java.security.Security;
import java.util.Map;
import javax.security.auth.callback.CallbackHandler;
import javax.security.sasl.SaslClient;
import javax.security.sasl.SaslClientFactory;
import javax.security.sasl.SaslException;

/**
 * OAUTHBEARER for the Kafka clients of every class loader of a JVM.
 *
 * <p>Kafka registers its mechanisms with the JVM, once, as the first class loader has them. Its
 * OAUTHBEARER then refuses the callback handlers of all other loaders ("must be castable"), and
 * Flink has a loader for each job. This one, asked before it, makes Kafka's client of the loader
 * that the callback handler is of.
 */
final class SaslOfAnyLoader extends Provider {
  private static final long serialVersionUID = 1L;
  private static final String NAME = "flinksec OAUTHBEARER";
  private static final String TYPE = "SaslClientFactory";
  private static final String MECHANISM = "OAUTHBEARER";
  private static final String OF_KAFKA =
      "org.apache.flink.kafka.shaded.org.apache.kafka.common.security.oauthbearer.internals."
          + "OAuthBearerSaslClient$OAuthBearerSaslClientFactory";

  private SaslOfAnyLoader() {
    super(NAME, "1", "OAUTHBEARER of Kafka's clients, whichever class loader they are of");
    putService(
        new Service(this, TYPE, MECHANISM, Factory.class.getName(), null, null) {
          @Override
          public Object newInstance(Object parameter) {
            return new Factory(); // loading it by its name would need a loader that may be closed
          }
        });
  }

  /** Makes it known to the JVM, unless it is. */
  static synchronized void register() {
    if (Security.getProvider(NAME) == null) {
      Security.insertProviderAt(new SaslOfAnyLoader(), 1);
    }
  }

  private static final class Factory implements SaslClientFactory {
    @Override
    public SaslClient createSaslClient(
        String[] mechanisms,
        String authorizationId,
        String protocol,
        String server,
        Map<String, ?> properties,
        CallbackHandler handler)
        throws SaslException {
      try {
        ClassLoader loader = handler.getClass().getClassLoader();
        SaslClientFactory kafkas =
            (SaslClientFactory)
                Class.forName(OF_KAFKA, true, loader).getDeclaredConstructor().newInstance();
        return kafkas.createSaslClient(
            mechanisms, authorizationId, protocol, server, properties, handler);
      } catch (ReflectiveOperationException e) {
        return null; // a client of somebody else's
      }
    }

    @Override
    public String[] getMechanismNames(Map<String, ?> properties) {
      return new String[] {MECHANISM};
    }
  }
}
