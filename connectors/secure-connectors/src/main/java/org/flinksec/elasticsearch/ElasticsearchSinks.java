// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.types.Row;
import org.apache.flink.util.function.SerializableFunction;
import org.flinksec.badrecords.LetterPolicy;
import org.flinksec.json.RowTypes;
import org.flinksec.kafka.LetterProducer;

/**
 * Makes Elasticsearch sinks from flat settings.
 *
 * <p>Settings, all text: those of {@code [elasticsearch]} under their own names, {@code hosts}
 * separated by commas, times in milliseconds; certificates and credentials are paths, read where
 * the sink runs. With them those that {@link SinkSettings#parse} names. Only {@code hosts} and
 * {@code index} are required.
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
            RowTypes.require(rowType),
            settings.addressing(),
            settings.content(),
            settings.limits().maxBatchBytes()),
        settings);
  }

  /**
   * A sink for what becomes a row first.
   *
   * @param rowType the type of the rows, with names
   * @param toRow makes them; a row may delete, but is never what one was before its change
   * @throws IllegalArgumentException if a setting or the type does not fit; the message names it
   */
  public static <T> Sink<T> forElements(
      Map<String, String> config, TypeInformation<?> rowType, SerializableFunction<T, Row> toRow) {
    SinkSettings settings = SinkSettings.parse(config);
    int maxBytes = settings.limits().maxBatchBytes();
    RowDocumentConverter rows =
        new RowDocumentConverter(
            RowTypes.require(rowType), settings.addressing(), settings.content(), maxBytes);
    return new ElasticsearchSink<>(
        new ConvertedDocumentConverter<>(toRow, rows, maxBytes), settings);
  }

  /**
   * A sink for text, each element one JSON object.
   *
   * @throws IllegalArgumentException if a setting does not fit; the message names it
   */
  public static Sink<String> forJson(Map<String, String> config) {
    SinkSettings settings = SinkSettings.parse(config);
    return new ElasticsearchSink<>(
        new JsonDocumentConverter(settings.addressing(), settings.limits().maxBatchBytes()),
        settings);
  }

  /**
   * Has one of these sinks write bad documents to a topic of dead letters.
   *
   * @param sink that this class has made
   * @param policy where the letters go
   * @param client the properties of a producer that writes them
   * @param traced whether the current record of the task is the one that an element was made of
   */
  public static Sink<?> withLetters(
      Sink<?> sink, LetterPolicy policy, Map<String, String> client, boolean traced) {
    HashMap<String, String> properties = new HashMap<>(client);
    return ((ElasticsearchSink<?>) sink)
        .letters((metrics, task) -> new LetterProducer(policy, properties, metrics, task), traced);
  }

  /**
   * Has one of these sinks write bad documents to an index of dead letters, which its settings name
   * too, as {@code dead_letter_index}.
   *
   * @param sink that this class has made
   * @param policy how many there may be
   * @param traced whether the current record of the task is the one that an element was made of
   */
  public static Sink<?> withIndexedLetters(Sink<?> sink, LetterPolicy policy, boolean traced) {
    return ((ElasticsearchSink<?>) sink).indexedLetters(policy, traced);
  }
}
