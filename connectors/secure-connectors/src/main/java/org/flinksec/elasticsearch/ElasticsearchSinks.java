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
 * <p>Settings, all text: those of {@code [elasticsearch]} under their own names, {@code hosts}
 * separated by commas, times in milliseconds; certificates and credentials are paths, read where
 * the sink runs. With them {@code index}, {@code id_field}, {@code on_error} (fail or skip; default
 * fail) and {@code max_skipped_in_a_row}. Only {@code hosts} and {@code index} are required.
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
    SinkSettings settings = SinkSettings.parse(config);
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
    SinkSettings settings = SinkSettings.parse(config);
    return new ElasticsearchSink<>(
        new JsonDocumentConverter(settings.idField(), settings.limits().maxBatchBytes()), settings);
  }
}
