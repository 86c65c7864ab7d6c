// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch.connection;

import co.elastic.clients.transport.rest5_client.low_level.Rest5Client;
import java.io.Closeable;
import java.io.IOException;

/**
 * Elastic's REST client with what runs beside it.
 *
 * @param rest sends requests
 * @param sniffer keeps its nodes those of the cluster; null for none
 */
public record ElasticsearchClient(Rest5Client rest, Closeable sniffer) implements Closeable {
  @Override
  public void close() throws IOException {
    if (sniffer != null) {
      sniffer.close();
    }
    rest.close();
  }
}
