// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Tokens of this JVM: the clients of one login share one, in memory and nowhere else. */
final class Tokens {
  private static final Map<Options, Tokens> ALL = new ConcurrentHashMap<>();

  private final Options options;
  private Jwt newest;

  private Tokens(Options options) {
    this.options = options;
  }

  static Tokens of(Options options) {
    return ALL.computeIfAbsent(options, Tokens::new);
  }

  /**
   * A token for one login: the one in the file now, or the newest of the endpoint that is not over.
   */
  synchronized Jwt present() throws UnusableLoginException {
    return options.get("tokenFile") == null && newest != null && !newest.isOver()
        ? newest
        : renewed();
  }

  /** A new token, or the one in the file now. */
  synchronized Jwt renewed() throws UnusableLoginException {
    newest =
        options.get("tokenFile") == null
            ? new TokenEndpoint(options).ask()
            : Jwt.of(
                options.secret("tokenFile", "oauth_token_file"),
                options.setting("oauth_token_file"),
                0);
    if (newest.isOver()) {
      throw new UnusableLoginException(
          "%s: the token has expired"
              .formatted(
                  options.setting(
                      options.get("tokenFile") == null
                          ? "oauth_token_endpoint"
                          : "oauth_token_file")));
    }
    return newest;
  }
}
