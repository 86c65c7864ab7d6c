// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** The value of the header {@code Authorization}, made anew for each request. */
final class Authorization {
  private final Login login;
  private final Credential secret;
  private final Negotiation negotiation;

  Authorization(HttpsSettings settings) {
    this.login = settings.login();
    this.negotiation =
        login.kerberos() == null ? null : new Negotiation(settings.section(), login.kerberos());
    String section = settings.section() + ".";
    this.secret =
        login.apiKeyFile() != null
            ? new Credential(section + "api_key", login.apiKeyFile(), true)
            : login.tokenFile() != null
                ? new Credential(section + "token", login.tokenFile(), true)
                : login.passwordFile() != null
                    ? new Credential(section + "password", login.passwordFile(), false)
                    : null;
  }

  /**
   * @param host that is asked, for Kerberos
   * @return null if there are no credentials
   * @throws LoginException if they cannot be read, or the KDC gives no ticket
   * @throws IOException if the KDC gives none any more
   */
  String value(String host) throws IOException {
    if (negotiation != null) {
      return "Negotiate " + negotiation.token(host);
    }
    if (secret == null) {
      return null;
    }
    String text = secret.read();
    if (login.apiKeyFile() != null) {
      return "ApiKey " + (text.contains(":") ? base64(text) : text);
    }
    return login.tokenFile() != null
        ? "Bearer " + text
        : "Basic " + base64(login.username() + ":" + text);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
