// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.transformations.SideOutputTransformation;
import org.apache.flink.streaming.api.transformations.SourceTransformation;
import org.apache.flink.table.api.ExplainFormat;
import org.apache.flink.table.api.bridge.java.StreamStatementSet;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.data.binary.BinaryStringDataUtil;
import org.apache.flink.types.Either;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.apache.flink.util.UserCodeClassLoader;
import org.flinksec.badrecords.Letter;
import org.flinksec.kafka.FinishingSource;
import org.flinksec.kafka.LosslessSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Formats of ours in tables, and dead letters of tables. */
class TableFormatsTest {
  private static final String SCHEMA =
      "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},"
          + "{\"name\":\"name\",\"type\":[\"null\",\"string\"]}]}";

  @TempDir Path directory;

  private final StreamExecutionEnvironment environment =
      StreamExecutionEnvironment.getExecutionEnvironment();
  private final StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
  private final TableGate gate = TableGate.of(100);

  @BeforeEach
  void openTheGate() {
    Map<String, String> login = Map.of("bootstrap.servers", "a:1");
    gate.addCluster("", login, login, "group", "job:\0:", "incrementing", "fail");
    gate.addCluster("east", login, login, "group", "job:\0@east:", "incrementing", "fail");
    gate.guard(tables);
    tables.executeSql(
        "CREATE TABLE target (id BIGINT, name STRING) WITH ('connector' = 'blackhole')");
  }

  private String avro(String prefix) throws Exception {
    Path file = Files.writeString(directory.resolve("r.avsc"), SCHEMA);
    return "'%savro.schema-file' = '%s'".formatted(prefix, file);
  }

  private void table(String name, String connector, String columns, String options) {
    tables.executeSql(
        "CREATE TABLE %s (%s) WITH ('connector' = '%s', 'topic' = 'in', %s)"
            .formatted(name, columns, connector, options));
  }

  private void attach(String insert) {
    StreamStatementSet set = tables.createStatementSet();
    set.addInsertSql(insert);
    set.attachAsDataStream();
  }

  private Stream<Transformation<?>> all() {
    return environment.getTransformations().stream()
        .flatMap(one -> one.getTransitivePredecessors().stream());
  }

  @SuppressWarnings("unchecked") // as the test asks for
  private <T> KafkaRecordDeserializationSchema<T> schemaOf(String source) {
    attach("INSERT INTO target SELECT id, name FROM " + source);
    Object made =
        all()
            .filter(SourceTransformation.class::isInstance)
            .map(one -> ((SourceTransformation<?, ?, ?>) one).getSource())
            .reduce((first, second) -> second)
            .orElseThrow();
    while (made instanceof FinishingSource || made instanceof LosslessSource) {
      made = Fields.get(made, "source", Object.class);
    }
    return Fields.get(made, "deserializationSchema", KafkaRecordDeserializationSchema.class);
  }

  private static <T> List<T> read(
      KafkaRecordDeserializationSchema<T> schema, byte[] key, byte[]... values) throws Exception {
    List<T> found = new ArrayList<>();
    schema.open(new Context());
    for (byte[] value : values) {
      schema.deserialize(
          new ConsumerRecord<>("in", 2, 7, key, value),
          new Collector<>() {
            @Override
            public void collect(T one) {
              found.add(one);
            }

            @Override
            public void close() {}
          });
    }
    return found;
  }

  private static final byte[] SEVEN = {14, 2, 2, 'x'};

  @Test
  void avroIsReadByAFileInTheValueAndTheKey() throws Exception {
    table(
        "v", "flinksec-kafka", "id BIGINT NOT NULL, name STRING", "'format' = 'avro', " + avro(""));
    RowData row = read(this.<RowData>schemaOf("v"), null, SEVEN).get(0);
    assertThat(row.getLong(0)).isEqualTo(7);
    assertThat(row.getString(1)).hasToString("x");

    table(
        "k",
        "flinksec-kafka",
        "id BIGINT, name STRING, more INT",
        "'key.format' = 'avro', 'key.fields' = 'id;name', 'value.format' = 'json',"
            + " 'value.fields-include' = 'EXCEPT_KEY', "
            + avro("key."));
    row = read(this.<RowData>schemaOf("k"), SEVEN, "{\"more\": 1}".getBytes(UTF_8)).get(0);
    assertThat(row.getLong(0)).isEqualTo(7);
  }

  @Test
  void anUpsertTableHasItsKeyAndItsTombstonesInAvroToo() throws Exception {
    table(
        "u",
        "flinksec-upsert-kafka",
        "id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED",
        "'key.format' = 'raw', 'value.format' = 'avro', " + avro("value."));
    KafkaRecordDeserializationSchema<RowData> schema = schemaOf("u");
    byte[] key = {0, 0, 0, 0, 0, 0, 0, 7};
    List<RowData> rows = read(schema, key, SEVEN, null);
    assertThat(rows)
        .extracting(RowData::getRowKind)
        .containsExactly(RowKind.INSERT, RowKind.DELETE);
  }

  @Test
  void changesOfDebeziumChangeTheTable() throws Exception {
    table("d", "flinksec-kafka", "id BIGINT, name STRING", "'format' = 'debezium'");
    tables.executeSql(
        "CREATE TABLE changes (id BIGINT, name STRING) WITH ('connector' = 'flinksec-kafka',"
            + " 'topic' = 'out', 'format' = 'debezium')");
    attach("INSERT INTO changes SELECT id, name FROM d");
    KafkaRecordDeserializationSchema<RowData> schema = schemaOf("d");
    String update =
        "{\"op\": \"u\", \"before\": {\"id\": 1, \"name\": null}, \"after\": {\"id\": 1, \"name\": \"n\"}}";
    List<RowData> rows = read(schema, null, update.getBytes(UTF_8));
    assertThat(rows)
        .extracting(RowData::getRowKind)
        .containsExactly(RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER);
  }

  @Test
  void whatIsUndecodableBecomesALetterOfItsClusterAndNoRow() throws Exception {
    table(
        "letters",
        "flinksec-kafka",
        "id BIGINT NOT NULL, name STRING",
        "'format' = 'avro', 'on-error' = 'dead_letter', 'cluster' = 'east', " + avro(""));
    List<Either<RowData, byte[]>> found =
        read(
            this.<Either<RowData, byte[]>>schemaOf("letters"), null, SEVEN, new byte[] {14}, SEVEN);
    assertThat(found).extracting(Either::isLeft).containsExactly(true, false, true);
    Letter letter = Letter.of(found.get(1).right());
    assertThat(letter.original().offset()).isEqualTo(7);
    assertThat(letter.why()).contains("ends too early");
    assertThat(gate.clustersOfLetters()).containsExactly("east");
    gate.letters(environment).get(0).sinkTo(new DiscardingSink<>());
    assertThat(
            environment.getTransformations().stream()
                .flatMap(one -> one.getTransitivePredecessors().stream()))
        .hasAtLeastOneElementOfType(SideOutputTransformation.class);
    assertThat(environment.getStreamGraph().getJobGraph().getVertices()).isNotEmpty();
  }

  @Test
  void aStatementThatIsExplainedLeavesNoLetters() throws Exception {
    table(
        "letters",
        "flinksec-kafka",
        "id BIGINT, name STRING",
        "'format' = 'json', 'on-error' = 'dead_letter'");
    Object mark = gate.mark();
    tables.explainSql("INSERT INTO target SELECT * FROM letters", ExplainFormat.TEXT);
    gate.forgetSince(mark, true);
    assertThat(gate.letters(environment)).isEmpty();
    assertThat(environment.getTransformations()).isEmpty();
  }

  @Test
  void anOptionThatIsUnknownMissingOrWrongIsTold() throws Exception {
    Map<String, String> wrong =
        Map.of(
            "'format' = 'avro', 'avro.schema' = 'x', " + avro(""),
            "the format 'avro' has no option schema",
            "'format' = 'avro'",
            "the format 'avro' without 'avro.schema-file' needs the section [schema_registry] in the settings",
            "'format' = 'avro', 'avro.schema-file' = '/nowhere/r.avsc'",
            "'avro.schema-file' = '/nowhere/r.avsc' is no file of at most 16777216 bytes",
            "'format' = 'protobuf'",
            "the format 'protobuf' needs 'protobuf.descriptor-file'",
            "'format' = 'debezium', 'debezium.time-unit' = 's'",
            "'debezium.time-unit' = 's' is none of ms, ns, us");
    int number = 0;
    for (Map.Entry<String, String> one : wrong.entrySet()) {
      String name = "wrong" + number++;
      table(name, "flinksec-kafka", "id BIGINT, name STRING", one.getKey());
      assertThatThrownBy(() -> attach("INSERT INTO target SELECT * FROM " + name))
          .rootCause()
          .hasMessage(one.getValue());
    }
  }

  @Test
  void aColumnThatNoRecordHasIsToldByItsName() throws Exception {
    table("t", "flinksec-kafka", "id BIGINT, name TIME", "'format' = 'avro', " + avro(""));
    assertThatThrownBy(() -> attach("INSERT INTO target SELECT id, CAST(name AS STRING) FROM t"))
        .hasMessageStartingWith("the column 'name' has the type TIME(0), which no record has");
  }

  @Test
  void whatACastFailsWithIsToldWithoutTheText() throws Exception {
    table("t", "flinksec-kafka", "id BIGINT, name STRING", "'format' = 'json'");
    KafkaRecordDeserializationSchema<RowData> schema = schemaOf("t");
    schema.open(new Context());
    Collector<RowData> casting =
        new Collector<>() {
          @Override
          public void collect(RowData row) {
            BinaryStringDataUtil.toInt((BinaryStringData) row.getString(1));
          }

          @Override
          public void close() {}
        };
    byte[] value = "{\"id\": 1, \"name\": \"hunter2\"}".getBytes(UTF_8);
    assertThatThrownBy(
            () -> schema.deserialize(new ConsumerRecord<>("in", 2, 7, null, value), casting))
        .isInstanceOf(StatementFailedException.class)
        .hasNoCause()
        .hasMessageStartingWith(
            "a statement fails on the Kafka record at topic in, partition 2, offset 7:"
                + " NumberFormatException in a function of SQL")
        .hasMessageNotContaining("hunter2");
  }

  private static final class Context implements DeserializationSchema.InitializationContext {
    @Override
    public MetricGroup getMetricGroup() {
      return new UnregisteredMetricsGroup();
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
      return SimpleUserCodeClassLoader.create(TableFormatsTest.class.getClassLoader());
    }
  }
}
