// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch.connection;

import co.elastic.clients.transport.rest5_client.low_level.Request;
import co.elastic.clients.transport.rest5_client.low_level.Response;
import co.elastic.clients.transport.rest5_client.low_level.ResponseException;
import co.elastic.clients.transport.rest5_client.low_level.Rest5Client;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Asks every host once what it is and whether it knows indices, to find wrong settings before any
 * document.
 */
public final class FirstContact {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** A gateway's, or a server's that is not yet ready, or has too much to do. */
  private static final Set<Integer> PASSING = Set.of(408, 429, 502, 503, 504);

  private FirstContact() {}

  /**
   * Makes contact.
   *
   * @param indices those to ask for; none asks for the connection and the login alone
   * @return for each host that gave no answer, its address and why: an outage, not a setting
   * @throws ConnectionException if a host is reached but a setting keeps the job from it
   */
  public static List<String> make(ConnectionSettings settings, List<String> indices)
      throws ConnectionException {
    List<String> silent = new ArrayList<>();
    for (URI host : settings.https().servers()) {
      ElasticsearchClient client = RestClients.create(settings.only(host, PATIENCE), 1);
      try {
        ask(settings, host, client.rest(), indices).ifPresent(silent::add);
      } finally {
        RestClients.closeQuietly(client);
      }
    }
    return silent;
  }

  private static Optional<String> ask(
      ConnectionSettings settings, URI host, Rest5Client client, List<String> indices)
      throws ConnectionException {
    try {
      Response first = answer(client, "GET", "/");
      if (PASSING.contains(first.getStatusCode())) {
        return Optional.of("%s (status %d)".formatted(host, first.getStatusCode()));
      }
      judge(settings, host, first);
      for (String index : indices) {
        int status = answer(client, "HEAD", "/" + segment(index)).getStatusCode();
        if (PASSING.contains(status)) {
          return Optional.of("%s (status %d)".formatted(host, status));
        }
        judge(settings, host, status, index);
      }
      return Optional.empty();
    } catch (ConnectionException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      Optional<String> wrong = ConnectionFailures.misconfiguration(settings, host.toString(), e);
      if (wrong.isPresent()) {
        throw new ConnectionException(wrong.get(), e);
      }
      return Optional.of(host + " (" + ConnectionFailures.last(e) + ")");
    }
  }

  private static Response answer(Rest5Client client, String method, String path)
      throws IOException {
    try {
      return client.performRequest(new Request(method, path));
    } catch (ResponseException e) {
      return e.getResponse();
    }
  }

  /** Who has logged in may lack the right to see the cluster's name, which a job does not need. */
  private static void judge(ConnectionSettings settings, URI host, Response first)
      throws ConnectionException {
    int status = first.getStatusCode();
    if (status == 401) {
      throw new ConnectionException(
          ConnectionFailures.refused(settings, host.toString(), status, ""));
    }
    if (status >= 300 && status < 400) {
      throw new ConnectionException(
          "elasticsearch.hosts: %s redirects to another address, which is not followed with credentials: name that one"
              .formatted(host));
    }
    if (!Product.isKnown(first)) {
      throw new ConnectionException(
          "elasticsearch.hosts: %s answers with status %d, and not as Elasticsearch from 7.14 on or OpenSearch does; is it Elasticsearch?"
              .formatted(host, status));
    }
  }

  private static void judge(ConnectionSettings settings, URI host, int status, String index)
      throws ConnectionException {
    if (status == 401 || status == 403) {
      throw new ConnectionException(
          ConnectionFailures.refused(settings, host.toString(), status, index));
    }
    if (status == 400) {
      throw new ConnectionException(
          "Elasticsearch at %s does not take '%s' for the name of an index (status 400)"
              .formatted(host, index));
    }
    if (status != 200 && status != 404) {
      throw new ConnectionException(
          "elasticsearch.hosts: %s answers with status %d when asked for the index '%s'; is it Elasticsearch?"
              .formatted(host, status, index));
    }
  }

  /** A text as a part of a path. */
  public static String segment(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
