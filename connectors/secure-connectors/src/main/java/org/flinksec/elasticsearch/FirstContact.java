// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import co.elastic.clients.transport.rest5_client.low_level.Request;
import co.elastic.clients.transport.rest5_client.low_level.Rest5Client;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hc.core5.util.Timeout;

/** Asks every host once whether it knows indices, to find wrong settings before any document. */
final class FirstContact {
  private static final Timeout TIMEOUT = Timeout.ofSeconds(10);
  private static final String NO_INDEX = "";

  private FirstContact() {}

  /**
   * Makes contact.
   *
   * @param indices those to ask for; none asks for the connection and the login alone
   * @return for each host that gave no answer, its address and why: an outage, not a setting
   * @throws ElasticsearchSinkException if a host is reached but a setting keeps the job from it
   */
  static List<String> make(ConnectionSettings settings, List<String> indices)
      throws ElasticsearchSinkException {
    List<String> silent = new ArrayList<>();
    for (URI host : settings.hosts()) {
      Rest5Client client = RestClients.create(settings, List.of(host), 1, TIMEOUT);
      try {
        ask(settings, host, client, indices).ifPresent(silent::add);
      } finally {
        RestClients.closeQuietly(client);
      }
    }
    return silent;
  }

  private static Optional<String> ask(
      ConnectionSettings settings, URI host, Rest5Client client, List<String> indices)
      throws ElasticsearchSinkException {
    for (String index : indices.isEmpty() ? List.of(NO_INDEX) : indices) {
      int status;
      try {
        status = client.performRequest(new Request("HEAD", "/" + segment(index))).getStatusCode();
      } catch (IOException | RuntimeException e) {
        Optional<String> wrong = ConnectionFailures.misconfiguration(settings, host.toString(), e);
        if (wrong.isPresent()) {
          throw new ElasticsearchSinkException(wrong.get(), e);
        }
        return Optional.of(host + " (" + ConnectionFailures.last(e) + ")");
      }
      if (index.equals(NO_INDEX)) {
        judgeLogin(settings, host, status);
      } else {
        judge(settings, host, status, index);
      }
    }
    return Optional.empty();
  }

  /** Who has logged in may lack the right to see the cluster's name, which a job does not need. */
  private static void judgeLogin(ConnectionSettings settings, URI host, int status)
      throws ElasticsearchSinkException {
    if (status == 401) {
      throw new ElasticsearchSinkException(
          ConnectionFailures.refused(settings, host.toString(), status, ""));
    }
    if (status != 200 && status != 403) {
      throw new ElasticsearchSinkException(
          "elasticsearch.hosts: %s answers with status %d; is it Elasticsearch?"
              .formatted(host, status));
    }
  }

  private static void judge(ConnectionSettings settings, URI host, int status, String index)
      throws ElasticsearchSinkException {
    if (status == 401 || status == 403) {
      throw new ElasticsearchSinkException(
          ConnectionFailures.refused(settings, host.toString(), status, index));
    }
    if (status == 400) {
      throw new ElasticsearchSinkException(
          "Elasticsearch at %s does not take '%s' for the name of an index (status 400)"
              .formatted(host, index));
    }
    if (status != 200 && status != 404) {
      throw new ElasticsearchSinkException(
          "elasticsearch.hosts: %s answers with status %d when asked for the index '%s'; is it Elasticsearch?"
              .formatted(host, status, index));
    }
  }

  static String segment(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
