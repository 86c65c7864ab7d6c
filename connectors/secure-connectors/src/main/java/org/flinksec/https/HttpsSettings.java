// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.io.Serializable;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.flinksec.tls.TlsFailures;
import org.flinksec.tls.TlsSettings;
import org.flinksec.tls.Verification;

/**
 * How servers are reached, as a section of the settings says. It travels in the job graph: secrets
 * are paths, never values.
 *
 * @param section of the settings, for messages: {@code elasticsearch}
 * @param setting the one that names the servers: {@code hosts}
 * @param servers {@code https://host:port/path}, at least one, all of one scheme
 * @param tls what is checked of the servers, and this client's certificate
 * @param login who the job is
 * @param proxy that all connections go through; null for none
 * @param connectTimeout how long a connection and its TLS may take to come about
 * @param responseTimeout how long to wait for an answer
 * @param keepAlive how long a connection that is not used is kept
 */
public record HttpsSettings(
    String section,
    String setting,
    List<URI> servers,
    TlsSettings tls,
    Login login,
    Proxy proxy,
    Duration connectTimeout,
    Duration responseTimeout,
    Duration keepAlive)
    implements Serializable {

  /** Makes the list unchangeable. */
  public HttpsSettings {
    servers = List.copyOf(servers);
  }

  /**
   * Takes flat settings of a section, which have its names: the servers (separated by commas),
   * {@code verification}, {@code min_tls_version}, {@code ca_certs}, {@code fingerprint}, {@code
   * client_cert}, {@code client_key} and the passwords of the files; those of {@link Login} and
   * {@link Proxy}; {@code connect_timeout}, {@code response_timeout}, {@code keep_alive} in
   * milliseconds. Secrets are paths. Only the servers are required.
   *
   * @param setting the one that names the servers
   * @throws IllegalArgumentException for a missing or contradictory setting
   */
  public static HttpsSettings take(FlatSettings flat, String setting) {
    String section = flat.section();
    List<URI> servers =
        Arrays.stream(flat.required(setting).split(","))
            .map(String::strip)
            .map(text -> Addresses.parse(section, setting, text))
            .toList();
    if (servers.stream().map(URI::getScheme).distinct().count() != 1) {
      throw new IllegalArgumentException(
          "%s.%s mixes http:// and https://".formatted(section, setting));
    }
    return new HttpsSettings(
        section,
        setting,
        servers,
        tls(flat, setting, servers.get(0).getScheme().equals("https")),
        Login.take(flat),
        Proxy.take(flat),
        Duration.ofMillis(flat.positive("connect_timeout", 5_000)),
        Duration.ofMillis(flat.positive("response_timeout", 60_000)),
        Duration.ofMillis(flat.positive("keep_alive", 60_000)));
  }

  private static TlsSettings tls(FlatSettings flat, String setting, boolean https) {
    String verification = flat.optional("verification");
    try {
      TlsSettings tls =
          new TlsSettings(
              Verification.parse(verification == null ? "full" : verification),
              flat.optional("min_tls_version", TlsSettings.OLDEST),
              flat.optional("ca_certs"),
              flat.optional("ca_certs_password"),
              flat.optional("fingerprint"),
              flat.optional("client_cert"),
              flat.optional("client_key"),
              flat.optional("client_key_password"));
      if (!https && (verification != null || !tls.equals(TlsSettings.full(null)))) {
        throw new IllegalArgumentException(
            "TLS settings are given, but %s say http://".formatted(setting));
      }
      return tls;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(flat.section() + ": " + e.getMessage(), e);
    }
  }

  /** The same for one of the servers alone, and with another patience. */
  public HttpsSettings only(URI server, Duration patience) {
    return new HttpsSettings(
        section, setting, List.of(server), tls, login, proxy, connectTimeout, patience, keepAlive);
  }

  /** Whether connections are encrypted. */
  public boolean encrypted() {
    return servers.get(0).getScheme().equals("https");
  }

  /** All servers, for a message. */
  public String list() {
    return servers.stream().map(URI::toString).collect(Collectors.joining(", "));
  }

  /** Tells failures that a TLS setting causes from outages. */
  public TlsFailures tlsFailures() {
    return new TlsFailures(section, setting, tls);
  }

  /**
   * How the settings name the credentials, for a message.
   *
   * @param advice the settings that would be such
   */
  public String credentials(String advice) {
    return login.describe(section, tls.clientCert(), advice);
  }
}
