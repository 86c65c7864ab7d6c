// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URL;
import java.net.URLClassLoader;
import java.security.Security;
import java.util.Map;
import javax.security.auth.callback.CallbackHandler;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslClient;
import javax.security.sasl.SaslException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerSaslClient;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerSaslClientProvider;
import org.junit.jupiter.api.Test;

class SaslOfAnyLoaderTest {
  private static final String KAFKAS =
      "org.apache.flink.kafka.shaded.org.apache.kafka.common.security.oauthbearer.internals."
          + "OAuthBearerSaslClientCallbackHandler";

  /** As each job of a Flink process has its own classes of the connector. */
  @Test
  void aHandlerOfAnotherLoaderGetsAClientOfThatLoader() throws Exception {
    Security.removeProvider("flinksec OAUTHBEARER");
    OAuthBearerSaslClientProvider.initialize();
    URL jar = OAuthBearerSaslClient.class.getProtectionDomain().getCodeSource().getLocation();
    URL[] jars = {jar, org.slf4j.Logger.class.getProtectionDomain().getCodeSource().getLocation()};
    try (URLClassLoader other = new URLClassLoader(jars, ClassLoader.getPlatformClassLoader())) {
      CallbackHandler handler =
          (CallbackHandler) other.loadClass(KAFKAS).getDeclaredConstructor().newInstance();
      assertThatThrownBy(() -> client(handler)).hasMessageContaining("must be castable");
      SaslOfAnyLoader.register();
      SaslOfAnyLoader.register();
      assertThat(client(handler).getClass().getClassLoader()).isSameAs(other);
      assertThat(client(handler).getMechanismName()).isEqualTo("OAUTHBEARER");
    }
  }

  private static SaslClient client(CallbackHandler handler) throws SaslException {
    return Sasl.createSaslClient(
        new String[] {"OAUTHBEARER"}, null, "kafka", "localhost", Map.of(), handler);
  }
}
