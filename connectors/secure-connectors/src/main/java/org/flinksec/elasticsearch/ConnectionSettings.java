// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.io.Serializable;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.flinksec.tls.TlsSettings;
import org.flinksec.tls.Verification;

/**
 * How Elasticsearch is reached. It travels in the job graph: credentials are paths, never values.
 *
 * @param hosts {@code https://host:port}, at least one, all of one scheme
 * @param tls what is checked of the servers, and this client's certificate
 * @param username for Basic authentication, together with {@code passwordFile}
 * @param passwordFile path of a file that holds the password
 * @param apiKeyFile path of a file that holds an API key, encoded or as {@code id:key}
 */
record ConnectionSettings(
    List<URI> hosts, TlsSettings tls, String username, String passwordFile, String apiKeyFile)
    implements Serializable {

  ConnectionSettings {
    hosts = List.copyOf(hosts);
    if (hosts.stream().map(URI::getScheme).distinct().count() != 1) {
      throw new IllegalArgumentException("elasticsearch.hosts mixes http:// and https://");
    }
    if ((username == null) != (passwordFile == null)) {
      throw new IllegalArgumentException(
          "elasticsearch.username and elasticsearch.password only go together");
    }
    if (username != null && apiKeyFile != null) {
      throw new IllegalArgumentException(
          "elasticsearch.api_key and elasticsearch.username exclude each other");
    }
  }

  /**
   * Reads flat settings, which have the names of those under {@code [elasticsearch]}: {@code hosts}
   * (separated by commas), {@code verification}, {@code ca_certs}, {@code fingerprint}, {@code
   * client_cert}, {@code client_key}, {@code username}, {@code password}, {@code api_key}. Secrets
   * are paths. Only the first is required.
   *
   * @throws IllegalArgumentException for an unknown, missing or contradictory setting
   */
  static ConnectionSettings parse(Map<String, String> settings) {
    FlatSettings flat = new FlatSettings(settings);
    ConnectionSettings parsed = take(flat);
    flat.requireAllTaken();
    return parsed;
  }

  /** Takes these settings out of flat ones that hold others, too. */
  static ConnectionSettings take(FlatSettings flat) {
    List<URI> hosts =
        Arrays.stream(flat.required("hosts").split(","))
            .map(String::strip)
            .map(Hosts::parse)
            .toList();
    return new ConnectionSettings(
        hosts,
        tls(flat, hosts.get(0).getScheme().equals("https")),
        flat.optional("username"),
        flat.optional("password"),
        flat.optional("api_key"));
  }

  private static TlsSettings tls(FlatSettings flat, boolean https) {
    String verification = flat.optional("verification");
    try {
      TlsSettings tls =
          new TlsSettings(
              Verification.parse(verification == null ? "full" : verification),
              flat.optional("ca_certs"),
              flat.optional("fingerprint"),
              flat.optional("client_cert"),
              flat.optional("client_key"));
      if (!https && (verification != null || !tls.equals(TlsSettings.full(null)))) {
        throw new IllegalArgumentException("TLS settings are given, but hosts say http://");
      }
      return tls;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("elasticsearch: " + e.getMessage(), e);
    }
  }

  boolean encrypted() {
    return hosts.get(0).getScheme().equals("https");
  }

  String hostList() {
    return hosts.stream().map(URI::toString).collect(Collectors.joining(", "));
  }
}
