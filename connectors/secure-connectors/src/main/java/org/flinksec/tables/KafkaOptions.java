// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.HashMap;
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
  private final RegistryOfTables registry;
  private final boolean upsert;

  private KafkaOptions(
      DynamicTableFactory.Context context,
      Map<String, String> said,
      KafkaCluster cluster,
      RegistryOfTables registry) {
    this.context = context;
    this.said = said;
    this.cluster = cluster;
    this.registry = registry;
    this.upsert = UPSERT.equals(said.get(FactoryUtil.CONNECTOR.key()));
  }

  static boolean isKafka(String connector) {
    return APPEND.equals(connector) || UPSERT.equals(connector);
  }

  /**
   * @throws ValidationException if the settings do not have the cluster
   */
  static KafkaOptions of(
      DynamicTableFactory.Context context,
      Map<String, KafkaCluster> clusters,
      RegistryOfTables registry) {
    Map<String, String> said = new HashMap<>(context.getCatalogTable().getOptions());
    String name = said.getOrDefault(CLUSTER, "");
    KafkaCluster cluster = clusters.get(name);
    if (cluster == null) {
      throw new ValidationException(
          "the settings have no section [kafka%s]".formatted(name.isEmpty() ? "" : "." + name));
    }
    return new KafkaOptions(context, said, cluster, registry);
  }

  /** The topics as the table names them, or their pattern. */
  String topic() {
    return said.getOrDefault("topic", said.getOrDefault("topic-pattern", ""));
  }

  OnBadRecord onError() {
    return onError(said);
  }

  static OnBadRecord onError(Map<String, String> said) {
    String word = said.getOrDefault(ON_ERROR, OnBadRecord.FAIL.word());
    try {
      return OnBadRecord.parse(word);
    } catch (IllegalArgumentException e) {
      throw new ValidationException(
          "'%s' = '%s' is none of 'fail', 'skip', 'dead_letter'".formatted(ON_ERROR, word));
    }
  }

  DynamicTableSource source(int mostSkipped, LettersOfTables letters) {
    OwnFormats formats = formats();
    Map<String, String> options = forFlink(formats, cluster.clients());
    options.put(PREFIX + "group.id", cluster.groupId());
    if (!upsert) {
      options.putIfAbsent(START, "earliest-offset");
      // What Flink does without committed offsets: go on from the earliest, as from_kafka does.
      options.put(PREFIX + "auto.offset.reset", "earliest");
    }
    DynamicTableSourceFactory factory =
        upsert ? new UpsertKafkaDynamicTableFactory() : new KafkaDynamicTableFactory();
    DynamicTableSource made = factory.createDynamicTableSource(with(options));
    replace(made, "keyDecodingFormat", formats.key());
    replace(made, "valueDecodingFormat", formats.value());
    return new KafkaTableSource(
        made,
        new BadRows(onError(), mostSkipped, letters, said.getOrDefault(CLUSTER, "")),
        context.getPhysicalRowDataType());
  }

  /** Flink's sink; in transactions, its ids are still to be given. */
  DynamicTableSink sink() {
    OwnFormats formats = formats();
    Map<String, String> options = forFlink(formats, cluster.producers());
    options.putIfAbsent(GUARANTEE, EXACTLY_ONCE);
    if (isExactlyOnce()) {
      options.put(TRANSACTIONAL_IDS, cluster.transactionalIds(topic(), 0));
    }
    DynamicTableSinkFactory factory =
        upsert ? new UpsertKafkaDynamicTableFactory() : new KafkaDynamicTableFactory();
    DynamicTableSink made = factory.createDynamicTableSink(with(options));
    replace(made, "keyEncodingFormat", formats.key());
    replace(made, "valueEncodingFormat", formats.value());
    return made;
  }

  private OwnFormats formats() {
    return OwnFormats.of(said, said.getOrDefault("topic", ""), registry);
  }

  /** Puts a format of ours where Flink's stands that was made in its place. */
  private void replace(Object made, String field, RecordFormat format) {
    if (format == null) {
      return;
    }
    Object flinks = Fields.get(made, field, Object.class);
    String wrapped = field.contains("Decoding") ? "innerDecodingFormat" : "innerEncodingFormat";
    // A table of upsert-kafka has its formats in something that gives rows their kinds.
    if (Fields.has(flinks, wrapped)) {
      Fields.set(flinks, wrapped, format);
    } else {
      Fields.set(made, field, format);
    }
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

  private Map<String, String> forFlink(OwnFormats formats, Map<String, String> properties) {
    Map<String, String> options = new HashMap<>(formats.flinks());
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
