// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.types.Row;
import org.flinksec.json.RowTypes;

/**
 * Makes Elasticsearch sinks from flat settings.
 *
 * <p>Settings, all text: {@code hosts} (separated by commas) and {@code index} are required. {@code
 * id_field}; {@code verification} (full, certificate, fingerprint, none; default full), {@code
 * ca_certs}, {@code fingerprint}, {@code client_cert}, {@code client_key}; {@code username} with
 * {@code password_file}, or {@code api_key_file}; {@code max_batch_size} (1000), {@code
 * max_batch_bytes} (5 MiB), {@code max_in_flight} (4), {@code max_buffered} (10 batches), {@code
 * flush_interval_ms} (1000), {@code retry_timeout_ms} (300000); {@code on_error} (fail or skip;
 * default fail). Certificates and credentials are paths, read where the sink runs.
 */
public final class ElasticsearchSinks {
  private ElasticsearchSinks() {}

  /**
   * A sink for rows.
   *
   * @param rowType a row type with names; it must have the {@code id_field}
   * @throws IllegalArgumentException if a setting or the type does not fit; the message names it
   */
  public static Sink<Row> forRows(Map<String, String> config, TypeInformation<?> rowType) {
    ElasticsearchSettings settings = ElasticsearchSettings.parse(config);
    return new ElasticsearchSink<>(
        new RowDocumentConverter(
            RowTypes.require(rowType), settings.idField(), settings.limits().maxBatchBytes()),
        settings);
  }

  /**
   * A sink for text, each element one JSON object.
   *
   * @throws IllegalArgumentException if a setting does not fit; the message names it
   */
  public static Sink<String> forJson(Map<String, String> config) {
    ElasticsearchSettings settings = ElasticsearchSettings.parse(config);
    return new ElasticsearchSink<>(
        new JsonDocumentConverter(settings.idField(), settings.limits().maxBatchBytes()), settings);
  }
}
