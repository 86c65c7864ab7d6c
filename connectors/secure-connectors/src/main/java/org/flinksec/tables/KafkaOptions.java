// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.streaming.connectors.kafka.table.KafkaDynamicTableFactory;
import org.apache.flink.streaming.connectors.kafka.table.UpsertKafkaDynamicTableFactory;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.flinksec.badrecords.OnBadRecord;

/**
 * The options of a table of {@code flinksec-kafka} or {@code flinksec-upsert-kafka}, and those that
 * Flink's own connector gets for them.
 *
 * <p>All options of Flink's connector hold. What differs: where the brokers are and who the job is
 * come from the settings; a topic is read from its earliest offset, and written exactly once,
 * unless the table says otherwise.
 */
final class KafkaOptions {
  static final String CLUSTER = "cluster";
  static final String ON_ERROR = "on-error";

  private static final String APPEND = "flinksec-kafka";
  private static final String UPSERT = "flinksec-upsert-kafka";
  private static final String PREFIX = "properties.";
  private static final String START = "scan.startup.mode";
  private static final String GUARANTEE = "sink.delivery-guarantee";
  private static final String EXACTLY_ONCE = "exactly-once";
  private static final String TRANSACTIONAL_IDS = "sink.transactional-id-prefix";

  private final DynamicTableFactory.Context context;
  private final Map<String, String> said;
  private final KafkaCluster cluster;
  private final boolean upsert;

  private KafkaOptions(
      DynamicTableFactory.Context context, Map<String, String> said, KafkaCluster cluster) {
    this.context = context;
    this.said = said;
    this.cluster = cluster;
    this.upsert = UPSERT.equals(said.get(FactoryUtil.CONNECTOR.key()));
  }

  static boolean isKafka(String connector) {
    return APPEND.equals(connector) || UPSERT.equals(connector);
  }

  /**
   * @throws ValidationException if the settings do not have the cluster
   */
  static KafkaOptions of(DynamicTableFactory.Context context, Map<String, KafkaCluster> clusters) {
    Map<String, String> said = new HashMap<>(context.getCatalogTable().getOptions());
    String name = said.getOrDefault(CLUSTER, "");
    KafkaCluster cluster = clusters.get(name);
    if (cluster == null) {
      throw new ValidationException(
          "the settings have no section [kafka%s]".formatted(name.isEmpty() ? "" : "." + name));
    }
    return new KafkaOptions(context, said, cluster);
  }

  /** The topics as the table names them, or their pattern. */
  String topic() {
    return said.getOrDefault("topic", said.getOrDefault("topic-pattern", ""));
  }

  /** What a table may say; what else is chosen elsewhere needs a stream beside the source. */
  OnBadRecord onError() {
    String word = said.getOrDefault(ON_ERROR, OnBadRecord.FAIL.word());
    for (OnBadRecord choice : List.of(OnBadRecord.FAIL, OnBadRecord.SKIP)) {
      if (choice.word().equals(word)) {
        return choice;
      }
    }
    throw new ValidationException(
        "'%s' = '%s' is neither 'fail' nor 'skip'".formatted(ON_ERROR, word));
  }

  DynamicTableSource source(int mostSkipped) {
    Map<String, String> options = forFlink(cluster.clients());
    options.put(PREFIX + "group.id", cluster.groupId());
    if (!upsert) {
      options.putIfAbsent(START, "earliest-offset");
      // What Flink does without committed offsets: go on from the earliest, as from_kafka does.
      options.put(PREFIX + "auto.offset.reset", "earliest");
    }
    DynamicTableSourceFactory factory =
        upsert ? new UpsertKafkaDynamicTableFactory() : new KafkaDynamicTableFactory();
    return new KafkaTableSource(
        factory.createDynamicTableSource(with(options)),
        onError(),
        mostSkipped,
        context.getPhysicalRowDataType());
  }

  /** Flink's sink; in transactions, its ids are still to be given. */
  DynamicTableSink sink() {
    Map<String, String> options = forFlink(cluster.producers());
    options.putIfAbsent(GUARANTEE, EXACTLY_ONCE);
    if (isExactlyOnce()) {
      options.put(TRANSACTIONAL_IDS, cluster.transactionalIds(topic(), 0));
    }
    DynamicTableSinkFactory factory =
        upsert ? new UpsertKafkaDynamicTableFactory() : new KafkaDynamicTableFactory();
    return factory.createDynamicTableSink(with(options));
  }

  boolean isExactlyOnce() {
    return said.getOrDefault(GUARANTEE, EXACTLY_ONCE).equals(EXACTLY_ONCE);
  }

  KafkaCluster cluster() {
    return cluster;
  }

  /** What tells sinks apart: the topics, and the cluster that has them. */
  String place() {
    return topic() + "@" + said.getOrDefault(CLUSTER, "");
  }

  /** The one topic of the table; null if there are several, or a pattern. */
  String onlyTopic() {
    String topic = said.get("topic");
    return topic == null || topic.contains(";") ? null : topic;
  }

  private Map<String, String> forFlink(Map<String, String> properties) {
    Map<String, String> options = new HashMap<>(said);
    options.remove(CLUSTER);
    options.remove(ON_ERROR);
    options.put(FactoryUtil.CONNECTOR.key(), upsert ? "upsert-kafka" : "kafka");
    // What the table says never wins over the settings; the job refuses it besides.
    properties.forEach((name, value) -> options.put(PREFIX + name, value));
    return options;
  }

  private DynamicTableFactory.Context with(Map<String, String> options) {
    return new FactoryUtil.DefaultDynamicTableContext(
        context.getObjectIdentifier(),
        context.getCatalogTable().copy(options),
        context.getEnrichmentOptions(),
        context.getConfiguration(),
        context.getClassLoader(),
        context.isTemporary());
  }
}
