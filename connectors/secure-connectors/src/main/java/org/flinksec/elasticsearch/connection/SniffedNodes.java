// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch.connection;

import co.elastic.clients.transport.rest5_client.low_level.Node;
import co.elastic.clients.transport.rest5_client.low_level.Request;
import co.elastic.clients.transport.rest5_client.low_level.Rest5Client;
import co.elastic.clients.transport.rest5_client.low_level.Rest5ClientBuilder;
import co.elastic.clients.transport.rest5_client.low_level.sniffer.NodesSniffer;
import co.elastic.clients.transport.rest5_client.low_level.sniffer.SniffOnFailureListener;
import co.elastic.clients.transport.rest5_client.low_level.sniffer.Sniffer;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.hc.core5.http.HttpHost;

/**
 * Asks a cluster for its nodes, as Elastic's own sniffer does, which needs a JSON library that is
 * not here. Nodes that are only master are left out: they take no documents.
 */
final class SniffedNodes implements NodesSniffer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<Set<String>> DEDICATED =
      Set.of(Set.of("master"), Set.of("cluster_manager"));
  private static final int MOST_BYTES = 4 << 20;

  private final Rest5Client client;
  private final String scheme;

  private SniffedNodes(Rest5Client client, String scheme) {
    this.client = client;
    this.scheme = scheme;
  }

  /** A client whose nodes are those of the cluster, at first and again when one is gone. */
  static ElasticsearchClient follow(Rest5ClientBuilder builder, ConnectionSettings settings) {
    SniffOnFailureListener failures = new SniffOnFailureListener();
    Rest5Client client = builder.setFailureListener(failures).build();
    String scheme = settings.https().servers().get(0).getScheme();
    Sniffer sniffer =
        Sniffer.builder(client).setNodesSniffer(new SniffedNodes(client, scheme)).build();
    failures.setSniffer(sniffer);
    return new ElasticsearchClient(client, sniffer);
  }

  @Override
  public List<Node> sniff() throws IOException {
    Request request = new Request("GET", "/_nodes/http");
    request.addParameter("timeout", "1s");
    try (InputStream body = client.performRequest(request).getEntity().getContent()) {
      return nodes(JSON.readTree(body.readNBytes(MOST_BYTES)), scheme);
    }
  }

  static List<Node> nodes(JsonNode answer, String scheme) throws IOException {
    List<Node> found = new ArrayList<>();
    for (JsonNode node : answer.path("nodes")) {
      Set<String> roles =
          StreamSupport.stream(node.path("roles").spliterator(), false)
              .map(JsonNode::asText)
              .collect(Collectors.toSet());
      String address = node.path("http").path("publish_address").asText();
      if (!address.isEmpty() && !DEDICATED.contains(roles)) {
        found.add(new Node(host(address, scheme)));
      }
    }
    if (found.isEmpty()) {
      throw new IOException("the cluster names no node that takes documents");
    }
    return found;
  }

  /** Of {@code host/address:port} the host, since certificates have names. */
  private static HttpHost host(String published, String scheme) {
    int slash = published.lastIndexOf('/');
    URI address = URI.create(scheme + "://" + published.substring(slash + 1));
    String host = slash > 0 ? published.substring(0, slash) : address.getHost();
    return new HttpHost(scheme, host, address.getPort());
  }
}
