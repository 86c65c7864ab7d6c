// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sandbox.logins;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.plain.PlainAuthenticateCallback;

/**
 * The broker's side of PLAIN, whose passwords are files: a new one counts from the next login on.
 *
 * <p>Option of the login module: {@code directory}.
 */
public final class PlainPasswords implements AuthenticateCallbackHandler {
  private Passwords passwords;

  @Override
  public void configure(
      Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
    passwords = new Passwords(Path.of((String) entries.get(0).getOptions().get("directory")));
  }

  @Override
  public void handle(Callback[] callbacks) throws IOException, UnsupportedCallbackException {
    String user = "";
    for (Callback callback : callbacks) {
      if (callback instanceof NameCallback name) {
        user = name.getDefaultName();
      } else if (callback instanceof PlainAuthenticateCallback asked) {
        String given = new String(asked.password());
        asked.authenticated(passwords.fits(user, Passwords.OF_USER, given));
      } else {
        throw new UnsupportedCallbackException(callback);
      }
    }
  }

  @Override
  public void close() {}
}
