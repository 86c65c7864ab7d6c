// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch.connection;

import co.elastic.clients.transport.rest5_client.low_level.NodeSelector;
import co.elastic.clients.transport.rest5_client.low_level.Rest5Client;
import co.elastic.clients.transport.rest5_client.low_level.Rest5ClientBuilder;
import java.io.IOException;
import java.net.URI;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHost;
import org.flinksec.https.HttpsClients;
import org.flinksec.tls.TlsException;

/** Makes REST clients as the settings want them; each is to be closed. */
public final class RestClients {
  /** Nodes of a cluster that is asked for them; there are connections to each. */
  private static final int MOST_NODES = 200;

  private RestClients() {}

  /**
   * A client that goes on to another host where one does not answer, and comes back to it later.
   *
   * @param connections to each host, at most
   * @throws ConnectionException if a file of certificates cannot be used
   */
  public static ElasticsearchClient create(ConnectionSettings settings, int connections)
      throws ConnectionException {
    int servers = settings.sniff() ? MOST_NODES : settings.https().servers().size();
    HttpHost[] hosts =
        settings.https().servers().stream().map(RestClients::host).toArray(HttpHost[]::new);
    Rest5ClientBuilder builder =
        Rest5Client.builder(hosts)
            .setCompressionEnabled(settings.compress())
            .setMetaHeaderEnabled(false)
            .setNodeSelector(NodeSelector.ANY)
            .setDefaultHeaders(new Header[0]);
    if (!settings.pathPrefix().isEmpty()) {
      builder.setPathPrefix(settings.pathPrefix());
    }
    try {
      builder.setHttpClient(HttpsClients.create(settings.https(), connections, servers));
    } catch (TlsException e) {
      throw new ConnectionException(e.getMessage(), e);
    }
    return settings.sniff()
        ? SniffedNodes.follow(builder, settings)
        : new ElasticsearchClient(builder.build(), null);
  }

  private static HttpHost host(URI uri) {
    return new HttpHost(uri.getScheme(), uri.getHost(), uri.getPort());
  }

  static void closeQuietly(ElasticsearchClient client) {
    try {
      client.close();
    } catch (IOException e) {
      // nothing is left to be done with it
    }
  }
}
