// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.SinkTransformation;
import org.apache.flink.streaming.api.transformations.SourceTransformation;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.bridge.java.StreamStatementSet;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.apache.flink.util.UserCodeClassLoader;
import org.flinksec.badrecords.BadRecordException;
import org.flinksec.kafka.ExactlyOnceSink;
import org.flinksec.kafka.FinishingSource;
import org.flinksec.kafka.LosslessSource;
import org.flinksec.kafka.QuietlyClosedSink;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TableGateTest {
  private static final String SECRET = "hunter2";

  private final StreamExecutionEnvironment environment =
      StreamExecutionEnvironment.getExecutionEnvironment();
  private final StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
  private final TableGate gate = TableGate.of(100);

  @BeforeEach
  void openTheGate() {
    Map<String, String> login = Map.of("bootstrap.servers", "a:1", "sasl.jaas.config", "${a:b:c}");
    gate.addCluster("", login, login, "group", "job:\0:", "incrementing", "fail");
    gate.addCluster("east", login, login, "group", "job:\0@east:", "incrementing", "fail");
    gate.guard(tables);
    table("source", "flinksec-kafka", "'topic' = 'in', 'format' = 'json'");
    table("target", "flinksec-kafka", "'topic' = 'out', 'format' = 'json'");
  }

  private void table(String name, String connector, String options) {
    tables.executeSql(
        "CREATE TABLE %s (id BIGINT NOT NULL, name STRING) WITH ('connector' = '%s', %s)"
            .formatted(name, connector, options));
  }

  private void attach(String... inserts) {
    StreamStatementSet set = tables.createStatementSet();
    Stream.of(inserts).forEach(set::addInsertSql);
    set.attachAsDataStream();
  }

  private Stream<Transformation<?>> all() {
    return environment.getTransformations().stream()
        .flatMap(one -> one.getTransitivePredecessors().stream());
  }

  private Stream<Object> sources() {
    return all()
        .filter(SourceTransformation.class::isInstance)
        .map(one -> ((SourceTransformation<?, ?, ?>) one).getSource());
  }

  private Stream<Object> sinks() {
    return environment.getTransformations().stream()
        .filter(SinkTransformation.class::isInstance)
        .map(one -> ((SinkTransformation<?, ?>) one).getSink());
  }

  private WatchedRecords schemaOf(String source) {
    attach("INSERT INTO target SELECT id, name FROM " + source);
    Object made = sources().reduce((first, second) -> second).orElseThrow();
    while (made instanceof FinishingSource || made instanceof LosslessSource) {
      made = Fields.get(made, "source", Object.class);
    }
    return Fields.get(made, "deserializationSchema", WatchedRecords.class);
  }

  @Test
  void everyFieldOfFlinksThatIsChangedIsThereAndTheGraphCanBeSent() {
    table(
        "bounded",
        "flinksec-kafka",
        "'topic' = 'b', 'format' = 'json', 'scan.bounded.mode' = 'latest-offset'");
    attach("INSERT INTO target SELECT * FROM source", "INSERT INTO target SELECT * FROM bounded");
    assertThat(sources()).hasAtLeastOneElementOfType(LosslessSource.class);
    assertThat(sources()).hasAtLeastOneElementOfType(FinishingSource.class);
    assertThat(sinks()).hasSize(1).allMatch(ExactlyOnceSink.class::isInstance);
    assertThat(environment.getStreamGraph().getJobGraph().getVertices()).isNotEmpty();
  }

  @Test
  void noTwoSinksHaveTheSameIdsAndNoneBeginsWithAnother() {
    table("other", "flinksec-kafka", "'topic' = 'out', 'cluster' = 'east', 'format' = 'json'");
    String[] inserts = new String[12];
    inserts[0] = "INSERT INTO other SELECT id, name FROM source";
    for (int at = 1; at < inserts.length; at++) {
      // Flink makes one sink of statements to one table, and not of tables to one topic.
      table("target" + at, "flinksec-kafka", "'topic' = 'out', 'format' = 'json'");
      inserts[at] = "INSERT INTO target%d SELECT id, name FROM source".formatted(at);
    }
    attach(inserts);
    Set<String> ids = new TreeSet<>();
    sinks().forEach(sink -> ids.add(Fields.get(sink, "transactionalIdPrefix", String.class)));
    assertThat(ids).hasSize(12).contains("job:out@east#sql1:", "job:out#sql1:", "job:out#sql11:");
    for (String one : ids) {
      assertThat(ids).filteredOn(other -> other.startsWith(one)).containsExactly(one);
    }
  }

  @Test
  void namesOfTopicsThatArePatternsBecomePartOfAnIdAsInAUrl() {
    KafkaCluster cluster =
        new KafkaCluster(Map.of(), Map.of(), "g", "job:\0@e:", "incrementing", "fail");
    assertThat(cluster.transactionalIds("a;b:#/é", 3))
        .isEqualTo("job:a%3Bb%3A%23%2F%C3%A9@e#sql3:");
  }

  @Test
  void aSinkThatBuffersIsChangedToo() {
    tables.executeSql(
        "CREATE TABLE u (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ("
            + "'connector' = 'flinksec-upsert-kafka', 'topic' = 'u', 'key.format' = 'json', "
            + "'value.format' = 'json', 'sink.buffer-flush.max-rows' = '5', "
            + "'sink.buffer-flush.interval' = '1 s')");
    attach("INSERT INTO u SELECT * FROM source");
    Object sink = sinks().findFirst().orElseThrow();
    assertThat(Fields.get(sink, "wrappedSink", Object.class)).isInstanceOf(ExactlyOnceSink.class);
  }

  @Test
  void atLeastOnceIsFlinksOwnSinkButQuiet() {
    table(
        "least",
        "flinksec-kafka",
        "'topic' = 'l', 'format' = 'json', 'sink.delivery-guarantee' = 'at-least-once'");
    attach("INSERT INTO least SELECT * FROM source");
    assertThat(sinks()).hasSize(1).allMatch(QuietlyClosedSink.class::isInstance);
    Object sink = Fields.get(sinks().findFirst().orElseThrow(), "sink", Object.class);
    assertThat(Fields.get(sink, "recordSerializer", Object.class)).isInstanceOf(QuietRecords.class);
  }

  @Test
  void whatATableSaysInDdlAndHintsIsKnownAndWhatTheSettingsSayIsInNoCatalog() {
    int before = gate.count();
    attach(
        "INSERT INTO target SELECT * FROM source"
            + " /*+ OPTIONS('properties.security.protocol'='PLAINTEXT', 'topic'='hinted') */");
    assertThat(gate.used().subList(before, gate.count()))
        .anySatisfy(
            use ->
                assertThat(use)
                    .containsEntry(TableGate.DIRECTION, "reads")
                    .containsEntry("properties.security.protocol", "PLAINTEXT")
                    .containsEntry("topic", "hinted"));
    String shown = String.valueOf(tables.executeSql("SHOW CREATE TABLE source").collect().next());
    assertThat(shown).contains("flinksec-kafka").doesNotContain("jaas", "a:1", "properties");
  }

  @Test
  void nothingRunsPastTheJob() {
    StatementSet set = tables.createStatementSet();
    set.addInsertSql("INSERT INTO target SELECT * FROM source");
    List<Runnable> runs =
        List.of(
            set::execute,
            () -> tables.executeSql("INSERT INTO target SELECT * FROM source"),
            () -> tables.executeSql("SELECT * FROM source").collect(),
            () -> tables.from("source").execute(),
            () -> tables.from("source").executeInsert("target"),
            () -> tables.from("source").insertInto("target").compilePlan().execute(),
            () -> tables.executeSql("CREATE TABLE t WITH ('connector'='blackhole') AS SELECT 1"));
    for (Runnable run : runs) {
      assertThatThrownBy(run::run).hasRootCauseInstanceOf(RunRefusedException.class);
    }
  }

  @Test
  void aClusterThatTheSettingsDoNotHaveIsToldByItsSection() {
    table("elsewhere", "flinksec-kafka", "'topic' = 'x', 'cluster' = 'west', 'format' = 'json'");
    assertThatThrownBy(() -> attach("INSERT INTO target SELECT * FROM elsewhere"))
        .rootCause()
        .hasMessage("the settings have no section [kafka.west]");
  }

  @Test
  void aBadRecordIsToldByWhereItIsAndTheNextOneHasNothingOfIt() throws Exception {
    tables.executeSql(
        "CREATE TABLE keyed (k STRING, id BIGINT NOT NULL, name STRING) WITH ("
            + "'connector' = 'flinksec-kafka', 'topic' = 'in', 'key.format' = 'raw', "
            + "'key.fields' = 'k', 'value.format' = 'json', 'value.fields-include' = 'EXCEPT_KEY',"
            + "'on-error' = 'skip')");
    WatchedRecords schema = schemaOf("keyed");
    List<RowData> rows = new ArrayList<>();
    schema.open(new Context());
    deserialize(schema, "first", "{\"id\": \"%s\"}".formatted(SECRET), rows);
    deserialize(schema, "second", SECRET, rows);
    deserialize(schema, "third", "{\"name\": \"%s\"}".formatted(SECRET), rows);
    deserialize(schema, "fourth", null, rows);
    deserialize(schema, "fifth", "{\"id\": 5}", rows);
    assertThat(rows).hasSize(1);
    assertThat(rows.get(0).getString(0)).hasToString("fifth");
    assertThat(rows.get(0).getLong(1)).isEqualTo(5);
  }

  @Test
  void theReasonHoldsNothingOfTheRecord() throws Exception {
    WatchedRecords schema = schemaOf("source");
    schema.open(new Context());
    Map<String, String> reasons =
        Map.of(
            "{\"id\": \"%s\"}".formatted(SECRET),
            "at field id)",
            SECRET,
            "its value does not fit the format and the columns (JsonParseException)",
            "{\"name\": \"%s\"}".formatted(SECRET),
            "column 'id' is null, and declared NOT NULL");
    reasons.forEach(
        (value, reason) ->
            assertThatThrownBy(() -> deserialize(schema, null, value, new ArrayList<>()))
                .isInstanceOf(BadRecordException.class)
                .hasNoCause()
                .hasMessageStartingWith(
                    "the Kafka record at topic in, partition 2, offset 7 cannot be decoded: ")
                .hasMessageEndingWith(reason)
                .hasMessageNotContaining(SECRET));
    assertThatThrownBy(() -> deserialize(schema, null, null, new ArrayList<>()))
        .hasMessageContaining("it has no value: a tombstone");
  }

  @Test
  void whatFollowingOperatorsThrowIsNotTakenForABadRecord() throws Exception {
    WatchedRecords schema = schemaOf("source");
    schema.open(new Context());
    Collector<RowData> failing =
        new Collector<>() {
          @Override
          public void collect(RowData row) {
            throw new IllegalStateException("behind");
          }

          @Override
          public void close() {}
        };
    assertThatThrownBy(() -> schema.deserialize(record(null, "{\"id\": 1}"), failing))
        .isInstanceOf(IllegalStateException.class);
  }

  private static void deserialize(WatchedRecords schema, String key, String value, List<RowData> to)
      throws IOException {
    schema.deserialize(
        record(key, value),
        new Collector<>() {
          @Override
          public void collect(RowData row) {
            to.add(row);
          }

          @Override
          public void close() {}
        });
  }

  private static ConsumerRecord<byte[], byte[]> record(String key, String value) {
    return new ConsumerRecord<>("in", 2, 7, bytes(key), bytes(value));
  }

  private static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  private static final class Context implements DeserializationSchema.InitializationContext {
    @Override
    public MetricGroup getMetricGroup() {
      return new UnregisteredMetricsGroup();
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
      return SimpleUserCodeClassLoader.create(TableGateTest.class.getClassLoader());
    }
  }
}
