// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.auth.SaslExtensions;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.auth.SaslExtensionsCallback;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.oauthbearer.OAuthBearerTokenCallback;

/**
 * OAUTHBEARER by a token endpoint or by a token in a file (RFC 7628).
 *
 * <p>As {@code sasl.login.callback.handler.class}, {@link Renewing}, Kafka calls it when a client
 * is made and again when the better part of the token's life is over. As {@code
 * sasl.client.callback.handler.class}, {@link Presenting}, Kafka calls it for each connection,
 * which so gets the newest token, and the reason if there is none.
 *
 * <p>Options of {@code sasl.jaas.config}: {@code section}, those of {@link TokenEndpoint} or {@code
 * tokenFile}, and {@code extension_NAME}.
 */
public abstract class TokenHandler
    implements org.apache.flink.kafka.shaded.org.apache.kafka.common.security.auth
        .AuthenticateCallbackHandler {
  private Options options;

  /** For a client, and for as long as it lives. */
  public static final class Renewing extends TokenHandler {
    @Override
    void answer(OAuthBearerTokenCallback wanted, Tokens tokens) {
      try {
        wanted.token(tokens.renewed());
      } catch (UnusableLoginException e) {
        // Kafka's login module passes this on; an exception it would only log.
        wanted.error("unusable", e.getMessage(), null);
      }
    }
  }

  /** For a connection. */
  public static final class Presenting extends TokenHandler {
    @Override
    void answer(OAuthBearerTokenCallback wanted, Tokens tokens) throws UnusableLoginException {
      wanted.token(tokens.present());
    }
  }

  abstract void answer(OAuthBearerTokenCallback wanted, Tokens tokens)
      throws UnusableLoginException;

  @Override
  public void configure(
      Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
    options = Options.of(entries);
    SaslOfAnyLoader.register();
  }

  @Override
  public void handle(Callback[] callbacks) throws IOException, UnsupportedCallbackException {
    for (Callback callback : callbacks) {
      if (callback instanceof OAuthBearerTokenCallback wanted) {
        answer(wanted, Tokens.of(options));
      } else if (callback instanceof SaslExtensionsCallback wanted) {
        wanted.extensions(new SaslExtensions(options.extensions()));
      } else {
        throw new UnsupportedCallbackException(callback);
      }
    }
  }

  @Override
  public void close() {}
}
