// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logins;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * A bearer token, and what its claims say (RFC 7519); who issued it is for the broker to verify.
 *
 * <p>Each is equal to itself alone. Kafka's login module puts a new token into the subject before
 * it takes the old one out: were the new one equal, because the same file or endpoint gives the
 * same again, it would not go in, and there would be none.
 *
 * @param lifetimeMs when it ends, in epoch milliseconds
 * @param startTimeMs when it was issued; null if that is not known
 */
record Jwt(String value, Set<String> scope, long lifetimeMs, String principalName, Long startTimeMs)
    implements OAuthBearerToken {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PARTS = 3;
  private static final long MILLIS = 1000;

  /** RFC 6750, 2.1: what may stand behind "Bearer". */
  private static final String CHARACTERS = "[A-Za-z0-9._~+/=-]+";

  /**
   * Reads a token.
   *
   * @param setting names where it comes from, for messages
   * @param expiresAt when it ends if it does not say so itself, in epoch milliseconds; 0 for
   *     unknown
   * @throws UnusableLoginException if it is none, or nobody says when it ends
   */
  static Jwt of(String text, String setting, long expiresAt) throws UnusableLoginException {
    if (!text.matches(CHARACTERS)) {
      throw new UnusableLoginException(
          setting + ": what it gives is no bearer token: it has characters of no token");
    }
    JsonNode claims = claims(text);
    long ends =
        claims.path("exp").isNumber()
            ? (long) (claims.get("exp").doubleValue() * MILLIS)
            : expiresAt;
    if (ends == 0) {
      throw new UnusableLoginException(
          setting + ": what it gives is no JSON Web Token that says when it ends (exp)");
    }
    Long issued =
        claims.path("iat").isNumber() ? (long) (claims.get("iat").doubleValue() * MILLIS) : null;
    String who = claims.path("sub").asText("");
    return new Jwt(text, scopes(claims), ends, who.isEmpty() ? "unknown" : who, issued);
  }

  boolean isOver() {
    return System.currentTimeMillis() >= lifetimeMs;
  }

  private static JsonNode claims(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length == PARTS) {
      try {
        byte[] payload = Base64.getUrlDecoder().decode(parts[1]);
        JsonNode found = JSON.readTree(new String(payload, StandardCharsets.UTF_8));
        if (found != null && found.isObject()) {
          return found;
        }
      } catch (IllegalArgumentException | IOException e) {
        return JSON.createObjectNode(); // opaque, and none the worse for it
      }
    }
    return JSON.createObjectNode();
  }

  private static Set<String> scopes(JsonNode claims) {
    Set<String> found = new TreeSet<>();
    JsonNode scope = claims.has("scope") ? claims.get("scope") : claims.path("scp");
    if (scope.isTextual()) {
      for (String one : scope.asText().split(" ")) {
        if (!one.isBlank()) {
          found.add(one);
        }
      }
    }
    scope.elements().forEachRemaining(one -> found.add(one.asText()));
    return found;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  /** Never the token itself. */
  @Override
  public String toString() {
    return "<token of " + principalName + ">";
  }
}
