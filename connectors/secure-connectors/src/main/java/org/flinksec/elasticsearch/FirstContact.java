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

/** Asks every host once whether it knows the index, to find wrong settings before any document. */
final class FirstContact {
  private static final Timeout TIMEOUT = Timeout.ofSeconds(10);

  private FirstContact() {}

  /**
   * Makes contact.
   *
   * @return for each host that gave no answer, its address and why: an outage, not a setting
   * @throws ElasticsearchSinkException if a host is reached but a setting keeps the sink from it
   */
  static List<String> make(ElasticsearchSettings settings) throws ElasticsearchSinkException {
    List<String> silent = new ArrayList<>();
    for (URI host : settings.hosts()) {
      Rest5Client client = RestClients.create(settings, List.of(host), TIMEOUT);
      try {
        ask(settings, host, client).ifPresent(silent::add);
      } finally {
        RestClients.closeQuietly(client);
      }
    }
    return silent;
  }

  private static Optional<String> ask(ElasticsearchSettings settings, URI host, Rest5Client client)
      throws ElasticsearchSinkException {
    int status;
    try {
      status =
          client
              .performRequest(new Request("HEAD", "/" + segment(settings.index())))
              .getStatusCode();
    } catch (IOException | RuntimeException e) {
      Optional<String> wrong = ConnectionFailures.misconfiguration(settings, host.toString(), e);
      if (wrong.isPresent()) {
        throw new ElasticsearchSinkException(wrong.get(), e);
      }
      return Optional.of(host + " (" + ConnectionFailures.last(e) + ")");
    }
    if (status == 401 || status == 403) {
      throw new ElasticsearchSinkException(
          ConnectionFailures.refused(settings, host.toString(), status));
    }
    if (status == 400) {
      throw new ElasticsearchSinkException(
          "Elasticsearch at %s does not take '%s' for the name of an index (status 400)"
              .formatted(host, settings.index()));
    }
    if (status != 200 && status != 404) {
      throw new ElasticsearchSinkException(
          "elasticsearch.hosts: %s answers with status %d when asked for the index '%s'; is it Elasticsearch?"
              .formatted(host, status, settings.index()));
    }
    return Optional.empty();
  }

  static String segment(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
