// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;

/**
 * Kafka's {@code sasl.client.callback.handler.class} for SCRAM and PLAIN: a user, and a password
 * that is read from its file at each login.
 *
 * <p>Options of {@code sasl.jaas.config}: {@code username}, {@code passwordFile}, {@code section}.
 */
public final class PasswordHandler implements AuthenticateCallbackHandler {
  private Options options;

  @Override
  public void configure(
      Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
    options = Options.of(entries);
  }

  @Override
  public void handle(Callback[] callbacks) throws IOException, UnsupportedCallbackException {
    for (Callback callback : callbacks) {
      if (callback instanceof NameCallback name) {
        name.setName(options.required("username"));
      } else if (callback instanceof PasswordCallback password) {
        password.setPassword(options.secret("passwordFile", "password").toCharArray());
      } else {
        // Kafka goes on without what it asks for besides: extensions of SCRAM.
        throw new UnsupportedCallbackException(callback);
      }
    }
  }

  @Override
  public void close() {}
}
