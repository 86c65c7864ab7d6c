// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Who the job is towards a server, besides a client certificate. Secrets are paths. One of these at
 * most; all absent means no credentials.
 *
 * @param username for Basic authentication (RFC 7617), together with {@code passwordFile}
 * @param passwordFile holds the password
 * @param apiKeyFile holds an API key of Elasticsearch, encoded or as {@code id:key}
 * @param tokenFile holds a bearer token (RFC 6750), such as a service token
 * @param kerberos for SPNEGO (RFC 4559)
 */
public record Login(
    String username, String passwordFile, String apiKeyFile, String tokenFile, Kerberos kerberos)
    implements Serializable {

  /** No credentials. */
  public static final Login NONE = new Login(null, null, null, null, null);

  /**
   * Who the job is for Kerberos.
   *
   * @param principal with its realm
   * @param keytab holds the principal's keys; null where {@code ticketCache} is set
   * @param ticketCache a file of tickets; null where {@code keytab} is set
   * @param service the first part of the servers' principals, {@code HTTP}
   */
  public record Kerberos(String principal, String keytab, String ticketCache, String service)
      implements Serializable {}

  /**
   * Takes {@code username}, {@code password}, {@code api_key}, {@code token}, and {@code
   * kerberos_principal}, {@code kerberos_keytab}, {@code kerberos_ticket_cache}, {@code
   * kerberos_service_name} out of flat settings.
   *
   * @throws IllegalArgumentException if some contradict each other
   */
  static Login take(FlatSettings flat) {
    Login login =
        new Login(
            flat.optional("username"),
            flat.optional("password"),
            flat.optional("api_key"),
            flat.optional("token"),
            kerberos(flat));
    if ((login.username == null) != (login.passwordFile == null)) {
      throw new IllegalArgumentException(
          "%1$s.username and %1$s.password only go together".formatted(flat.section()));
    }
    List<String> given = new ArrayList<>();
    add(given, "username", login.username);
    add(given, "api_key", login.apiKeyFile);
    add(given, "token", login.tokenFile);
    add(given, "kerberos", login.kerberos);
    if (given.size() > 1) {
      throw new IllegalArgumentException(
          "%1$s.%2$s and %1$s.%3$s exclude each other"
              .formatted(flat.section(), given.get(1), given.get(0)));
    }
    return login;
  }

  private static void add(List<String> given, String name, Object value) {
    if (value != null) {
      given.add(name);
    }
  }

  private static Kerberos kerberos(FlatSettings flat) {
    String principal = flat.optional("kerberos_principal");
    return principal == null
        ? null
        : new Kerberos(
            principal,
            flat.optional("kerberos_keytab"),
            flat.optional("kerberos_ticket_cache"),
            flat.optional("kerberos_service_name", "HTTP"));
  }

  /**
   * How the settings name the credentials, for a message.
   *
   * @param clientCert the path of the client certificate; null for none
   */
  String describe(String section, String clientCert, String advice) {
    if (apiKeyFile != null) {
      return "%s.api_key (%s)".formatted(section, apiKeyFile);
    }
    if (tokenFile != null) {
      return "%s.token (%s)".formatted(section, tokenFile);
    }
    if (username != null) {
      return "%1$s.username '%2$s' with %1$s.password (%3$s)"
          .formatted(section, username, passwordFile);
    }
    if (kerberos != null) {
      return "%s.kerberos, as %s".formatted(section, kerberos.principal);
    }
    return (clientCert == null
            ? "no credentials"
            : "%s.client_cert (%s) and no other credentials".formatted(section, clientCert))
        + "; set "
        + advice;
  }
}
