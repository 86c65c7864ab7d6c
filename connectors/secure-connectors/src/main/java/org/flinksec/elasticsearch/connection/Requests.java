// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch.connection;

import co.elastic.clients.transport.rest5_client.low_level.Request;
import co.elastic.clients.transport.rest5_client.low_level.Response;
import co.elastic.clients.transport.rest5_client.low_level.ResponseException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Sends single requests with the settings of a job, before it is submitted. */
public final class Requests implements AutoCloseable {
  private final ConnectionSettings settings;
  private final ElasticsearchClient client;

  private Requests(ConnectionSettings settings, ElasticsearchClient client) {
    this.settings = settings;
    this.client = client;
  }

  /**
   * @param connection how Elasticsearch is reached, see {@link ConnectionSettings#parse}
   * @throws ConnectionException if a file of certificates cannot be used
   */
  public static Requests of(Map<String, String> connection) throws ConnectionException {
    ConnectionSettings settings = ConnectionSettings.parse(connection);
    return new Requests(settings, RestClients.create(settings, 1));
  }

  /**
   * Sends one.
   *
   * @param path already escaped
   * @param json the body; empty for none
   * @return the status and the body of the answer, whatever it says
   * @throws ConnectionException if there is no answer
   */
  public List<String> send(String method, String path, String json) throws ConnectionException {
    Request request = new Request(method, path);
    if (!json.isEmpty()) {
      request.setJsonEntity(json);
    }
    try {
      Response response = answer(request);
      return List.of(String.valueOf(response.getStatusCode()), body(response));
    } catch (IOException | RuntimeException e) {
      String hosts = settings.hostList();
      throw new ConnectionException(
          ConnectionFailures.misconfiguration(settings, hosts, e)
              .orElseGet(
                  () ->
                      "elasticsearch.hosts: no answer from %s (%s)"
                          .formatted(hosts, ConnectionFailures.last(e))),
          e);
    }
  }

  private Response answer(Request request) throws IOException {
    try {
      return client.rest().performRequest(request);
    } catch (ResponseException e) {
      return e.getResponse();
    }
  }

  private static String body(Response response) throws IOException {
    if (response.getEntity() == null) {
      return "";
    }
    try (InputStream content = response.getEntity().getContent()) {
      return new String(content.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    RestClients.closeQuietly(client);
  }
}
