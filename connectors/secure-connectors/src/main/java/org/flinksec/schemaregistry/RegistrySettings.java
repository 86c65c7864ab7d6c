// SPDX-License-Identifier: Apache-2.0
package org.flinksec.schemaregistry;

import java.io.Serializable;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.flinksec.tls.TlsSettings;
import org.flinksec.tls.Verification;

/**
 * How the schema registry is reached. Secrets are paths; they are read where a connection is made.
 *
 * @param urls where it is, asked in turn until one answers
 * @param tls how its certificate is checked
 * @param username for HTTP basic; null for none
 * @param passwordFile holds the user's password
 * @param tokenFile holds a bearer token, read anew for each request; null for none
 * @param retryTimeout how long a registry that does not answer is asked again
 */
public record RegistrySettings(
    List<URI> urls,
    TlsSettings tls,
    String username,
    String passwordFile,
    String tokenFile,
    Duration retryTimeout)
    implements Serializable {

  /**
   * Reads flat settings: {@code urls} (between commas), {@code verification}, {@code ca_certs},
   * {@code fingerprint}, {@code client_cert}, {@code client_key}, {@code username}, {@code
   * password}, {@code token}, {@code retry_timeout} (milliseconds).
   *
   * @throws IllegalArgumentException for an unknown, missing or contradictory setting
   */
  public static RegistrySettings parse(Map<String, String> settings) {
    Map<String, String> left = new HashMap<>(settings);
    List<URI> urls =
        Arrays.stream(required(left, "urls").split(",")).map(RegistrySettings::url).toList();
    RegistrySettings parsed =
        new RegistrySettings(
            urls,
            tls(left, urls),
            left.remove("username"),
            left.remove("password"),
            left.remove("token"),
            Duration.ofMillis(Long.parseLong(required(left, "retry_timeout"))));
    if (!left.isEmpty()) {
      throw new IllegalArgumentException(
          "unknown settings of the schema registry: "
              + String.join(", ", new TreeSet<>(left.keySet())));
    }
    return parsed;
  }

  /**
   * The same for a question before the job starts: a registry that does not answer is not waited
   * for.
   */
  public RegistrySettings atOnce() {
    return new RegistrySettings(urls, tls, username, passwordFile, tokenFile, Duration.ZERO);
  }

  private static String required(Map<String, String> left, String name) {
    String value = left.remove(name);
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException("schema_registry.%s is not set".formatted(name));
    }
    return value;
  }

  private static URI url(String text) {
    URI url = URI.create(text.strip().replaceAll("/+$", ""));
    if (!("https".equals(url.getScheme()) || "http".equals(url.getScheme()))
        || url.getHost() == null
        || url.getUserInfo() != null) {
      throw new IllegalArgumentException(
          "schema_registry.urls: give https://host:port, with a path if there is one");
    }
    return url;
  }

  private static TlsSettings tls(Map<String, String> left, List<URI> urls) {
    boolean encrypted = urls.stream().allMatch(url -> url.getScheme().equals("https"));
    TlsSettings tls =
        new TlsSettings(
            Verification.parse(left.getOrDefault("verification", "full")),
            left.remove("ca_certs"),
            left.remove("fingerprint"),
            left.remove("client_cert"),
            left.remove("client_key"));
    left.remove("verification");
    if (!encrypted && tls.verification() != Verification.NONE) {
      throw new IllegalArgumentException(
          "schema_registry.urls name http://, over which nothing can be verified");
    }
    return tls;
  }
}
