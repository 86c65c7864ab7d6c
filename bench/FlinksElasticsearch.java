// SPDX-License-Identifier: Apache-2.0

import co.elastic.clients.elasticsearch.core.bulk.IndexOperation;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.elasticsearch.sink.Elasticsearch8AsyncSinkBuilder;
import org.apache.flink.types.Row;
import org.apache.http.HttpHost;

/** Flink's own sink of Elasticsearch 8, for {@link ElasticsearchWays}. */
public final class FlinksElasticsearch {
  private FlinksElasticsearch() {}

  public static Sink<Row> sink(Map<String, String> config) {
    String index = config.get("index");
    String authorities = config.get("ca_certs");
    return Elasticsearch8AsyncSinkBuilder.<Row>builder()
        .setHosts(HttpHost.create(config.get("hosts")))
        .setUsername(config.get("username"))
        .setPassword(ElasticsearchWays.password(config))
        .setSslContextSupplier(() -> ElasticsearchWays.tls(authorities))
        .setElementConverter(
            (row, context) ->
                new IndexOperation.Builder<Map<String, Object>>()
                    .index(index)
                    .id((String) row.getField(0))
                    .document(document(row))
                    .build())
        .setMaxBatchSize(Integer.parseInt(config.get("max_batch_size")))
        .setMaxInFlightRequests(Integer.parseInt(config.get("max_in_flight")))
        .setMaxBufferedRequests(Integer.parseInt(config.get("max_buffered")))
        .setMaxBatchSizeInBytes(Long.parseLong(config.get("max_batch_bytes")))
        .setMaxRecordSizeInBytes(Long.parseLong(config.get("max_batch_bytes")))
        .setMaxTimeInBufferMS(Long.parseLong(config.get("flush_interval")))
        .build();
  }

  private static Map<String, Object> document(Row row) {
    Map<String, Object> document = new HashMap<>();
    for (int i = 0; i < ElasticsearchWays.NAMES.length; i++) {
      Object value = row.getField(i);
      document.put(ElasticsearchWays.NAMES[i], value instanceof java.time.Instant ? value.toString() : value);
    }
    return document;
  }
}
