// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.delegation.Executor;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.module.Module;
import org.flinksec.avro.AvroReading;
import org.flinksec.avro.AvroWriting;
import org.flinksec.badrecords.LetterPolicy;

/**
 * Makes the source or sink of every table that a query uses, and keeps a list of them.
 *
 * <p>It is loaded into a table environment as a module, and Flink's planner asks a module before it
 * looks for a connector: whatever names a table (DDL, a hint, a descriptor, {@code LIKE}), its
 * options, all laid over each other, come through here. The job judges the list before it is
 * submitted. Tables of {@code flinksec-kafka}, {@code flinksec-upsert-kafka} and {@code
 * flinksec-elasticsearch} get the job's login here; the options that a catalog keeps hold nothing
 * of it.
 */
public final class TableGate implements Module, DynamicTableSourceFactory, DynamicTableSinkFactory {
  /** The keys of a list's entry that are no options of the table. */
  public static final String DIRECTION = "#direction";

  public static final String TABLE = "#table";

  private static final String MODULE = "flinksec";
  private static final String EXECUTOR = "execEnv";
  private static final String CONNECTOR = FactoryUtil.CONNECTOR.key();

  private final Map<String, KafkaCluster> clusters = new TreeMap<>();
  private final List<Map<String, String>> used = new ArrayList<>();
  private final Map<String, Integer> sinks = new HashMap<>();
  private final LettersOfTables letters = new LettersOfTables();
  private final int mostSkipped;
  private RegistryOfTables registry = RegistryOfTables.none();
  private ElasticsearchOfTables elasticsearch = ElasticsearchOfTables.none();

  private TableGate(int mostSkipped) {
    this.mostSkipped = mostSkipped;
  }

  /**
   * @param mostSkipped how many bad records a source may leave out in a row; 0 for any number
   */
  public static TableGate of(int mostSkipped) {
    return new TableGate(mostSkipped);
  }

  /**
   * Makes a cluster known.
   *
   * @param name the value of the option {@code cluster}; empty for the one of tables without it
   */
  public void addCluster(
      String name,
      Map<String, String> clients,
      Map<String, String> producers,
      String groupId,
      String transactionalIds,
      String naming,
      String onLost) {
    clusters.put(
        name, new KafkaCluster(clients, producers, groupId, transactionalIds, naming, onLost));
  }

  /**
   * Lets all tables of an environment pass here, and lets it run nothing by itself.
   *
   * @param environment Flink's own, of no other implementation
   */
  public void guard(TableEnvironment environment) {
    environment.loadModule(MODULE, this);
    Executor executor = Fields.get(environment, EXECUTOR, Executor.class);
    Fields.set(environment, EXECUTOR, new NoRuns(executor));
  }

  /** The tables used so far: their options, with {@link #DIRECTION} and {@link #TABLE}. */
  public List<Map<String, String>> used() {
    return List.copyOf(used);
  }

  /**
   * Makes the schema registry known.
   *
   * @param settings see {@code RegistrySettings}
   * @param naming of subjects, where a table says nothing
   * @param register whether schemas are registered that are missing
   */
  public void useRegistry(Map<String, String> settings, String naming, boolean register) {
    registry = RegistryOfTables.of(Map.copyOf(settings), naming, register);
  }

  /**
   * Makes Elasticsearch known.
   *
   * @param settings of the connection and its limits, see {@code ElasticsearchSinks}
   * @param indexed how many dead letters there may be in an index, whatever its name
   */
  public void useElasticsearch(Map<String, String> settings, LetterPolicy indexed) {
    elasticsearch = elasticsearch.with(Map.copyOf(settings), mostSkipped, indexed);
  }

  /**
   * Makes it known where documents go that are refused.
   *
   * @param policy of the job's dead letters
   * @param producers properties of a producer that writes them, by the names of clusters
   */
  public void useLetters(LetterPolicy policy, Map<String, Map<String, String>> producers) {
    elasticsearch = elasticsearch.with(policy, Map.copyOf(producers));
  }

  /** What tables read by the schema registry, so far. */
  public List<AvroReading> readByRegistry() {
    return List.copyOf(registry.reading());
  }

  /** What tables write by the schema registry, so far. */
  public List<AvroWriting> writtenByRegistry() {
    return List.copyOf(registry.writing());
  }

  /** The dead letters of tables, so far: the clusters that their records come from. */
  public List<String> clustersOfLetters() {
    return List.copyOf(letters.clusters);
  }

  /**
   * The dead letters of tables, so far, in the order of {@link #clustersOfLetters}.
   *
   * @param environment the job's: the planner makes its streams in one of its own, which runs
   *     nothing
   */
  public List<DataStream<byte[]>> letters(StreamExecutionEnvironment environment) {
    List<DataStream<byte[]>> found = new ArrayList<>();
    letters.streams.forEach(
        one -> found.add(new DataStream<>(environment, one.getTransformation())));
    return found;
  }

  /** What is known so far, to go back to. */
  public Object mark() {
    return new Mark(
        used.size(),
        letters.count(),
        registry.reading().size(),
        registry.writing().size(),
        Map.copyOf(sinks));
  }

  /** How many tables are used so far. */
  public int count() {
    return used.size();
  }

  /**
   * Forgets what was used since a mark: by a query that is not part of the job after all.
   *
   * @param sinksToo whether the sinks were not even made
   */
  public void forgetSince(Object mark, boolean sinksToo) {
    Mark before = (Mark) mark;
    used.subList(before.used(), used.size()).clear();
    letters.forget(before.letters());
    registry.forget(before.reading(), before.writing());
    if (sinksToo) {
      sinks.clear();
      sinks.putAll(before.sinks());
    }
  }

  private record Mark(
      int used, int letters, int reading, int writing, Map<String, Integer> sinks) {}

  @Override
  public Optional<DynamicTableSourceFactory> getTableSourceFactory() {
    return Optional.of(this);
  }

  @Override
  public Optional<DynamicTableSinkFactory> getTableSinkFactory() {
    return Optional.of(this);
  }

  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    note("reads", context);
    KafkaOptions kafka = kafkaOf(context);
    if (kafka != null) {
      return kafka.source(mostSkipped, letters);
    }
    if (isElasticsearch(context)) {
      throw new ValidationException(
          "tables of '%s' are written, and cannot be read".formatted(ElasticsearchOptions.NAME));
    }
    return FactoryUtil.createDynamicTableSource(
        null,
        context.getObjectIdentifier(),
        context.getCatalogTable(),
        context.getEnrichmentOptions(),
        context.getConfiguration(),
        context.getClassLoader(),
        context.isTemporary());
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    note("writes", context);
    KafkaOptions kafka = kafkaOf(context);
    if (kafka != null) {
      return new KafkaTableSink(kafka, this::nextSink);
    }
    if (isElasticsearch(context)) {
      return new ElasticsearchTableSink(ElasticsearchOptions.of(context, elasticsearch));
    }
    return FactoryUtil.createDynamicTableSink(
        null,
        context.getObjectIdentifier(),
        context.getCatalogTable(),
        context.getEnrichmentOptions(),
        context.getConfiguration(),
        context.getClassLoader(),
        context.isTemporary());
  }

  @Override
  public String factoryIdentifier() {
    return "flinksec";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of();
  }

  private KafkaOptions kafkaOf(Context context) {
    String connector = context.getCatalogTable().getOptions().get(CONNECTOR);
    return KafkaOptions.isKafka(connector) ? KafkaOptions.of(context, clusters, registry) : null;
  }

  private static boolean isElasticsearch(Context context) {
    String connector = context.getCatalogTable().getOptions().get(CONNECTOR);
    return ElasticsearchOptions.NAME.equals(connector);
  }

  /** The number of one sink more to a topic, from 1; it is the same when the job starts again. */
  private int nextSink(String topic) {
    return sinks.merge(topic, 1, Integer::sum);
  }

  private void note(String direction, Context context) {
    Map<String, String> use = new HashMap<>(context.getCatalogTable().getOptions());
    use.put(DIRECTION, direction);
    use.put(TABLE, context.getObjectIdentifier().asSummaryString());
    used.add(use);
  }
}
