// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.bridge.java.StreamStatementSet;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.flinksec.badrecords.LetterPolicy;
import org.flinksec.elasticsearch.FakeElasticsearch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ElasticsearchTableTest {
  private static final TypeInformation<Row> CHANGES =
      Types.ROW_NAMED(new String[] {"k", "n"}, Types.STRING, Types.LONG);
  private static final String KEYED = "k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED";

  private final StreamExecutionEnvironment environment =
      StreamExecutionEnvironment.getExecutionEnvironment();
  private final StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
  private final TableGate gate = TableGate.of(100);
  private FakeElasticsearch server;

  @BeforeEach
  void openTheGate() throws IOException {
    server = new FakeElasticsearch(null);
    Map<String, String> settings = new HashMap<>();
    settings.put("hosts", "http://localhost:" + server.port());
    gate.useElasticsearch(settings, new LetterPolicy("job", "", 0, 0));
    gate.guard(tables);
    environment.setParallelism(2);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void table(String columns, String... options) {
    String more = Stream.of(options).map(one -> ", " + one).reduce("", String::concat);
    tables.executeSql(
        "CREATE TABLE target (%s) WITH ('connector' = 'flinksec-elasticsearch'%s)"
            .formatted(columns, more));
  }

  private void attach(String... inserts) {
    StreamStatementSet set = tables.createStatementSet();
    Stream.of(inserts).forEach(set::addInsertSql);
    set.attachAsDataStream();
  }

  private void changes(ChangelogMode mode, Row... rows) {
    Schema.Builder schema =
        Schema.newBuilder().column("k", "STRING NOT NULL").column("n", "BIGINT");
    if (!mode.containsOnly(RowKind.INSERT)) {
      schema.primaryKey("k");
    }
    tables.createTemporaryView(
        "changes",
        tables.fromChangelogStream(
            environment.fromData(List.of(rows), CHANGES).setParallelism(1), schema.build(), mode));
  }

  private List<FakeElasticsearch.Operation> arrived() {
    List<FakeElasticsearch.Operation> all = new ArrayList<>();
    server.requests().forEach(all::addAll);
    return all;
  }

  private void refused(String query, String... parts) {
    assertThatThrownBy(() -> attach("INSERT INTO target " + query))
        .satisfies(
            thrown -> {
              Throwable deepest = thrown;
              while (deepest.getCause() != null) {
                deepest = deepest.getCause();
              }
              assertThat(deepest.getMessage()).contains(parts);
            });
  }

  @Test
  void changesOfOneKeyArriveInTheirOrderWhateverTheParallelism() throws Exception {
    table(KEYED, "'index' = 'counts'", "'sink.parallelism' = '3'");
    List<Row> rows = new ArrayList<>();
    for (int round = 0; round < 50; round++) {
      for (int key = 0; key < 7; key++) {
        boolean takesAway = round % 5 == 4 && (round < 49 || key % 2 == 0);
        rows.add(
            Row.ofKind(takesAway ? RowKind.DELETE : RowKind.UPDATE_AFTER, "k" + key, (long) round));
      }
    }
    changes(ChangelogMode.upsert(false), rows.toArray(Row[]::new));
    attach("INSERT INTO target SELECT k, n FROM changes");
    environment.execute();
    Map<String, String> last = new HashMap<>();
    Map<String, Long> newest = new HashMap<>();
    for (FakeElasticsearch.Operation one : arrived()) {
      last.put(one.id(), one.action() + " " + one.document());
      if (one.document() != null) {
        long round = Long.parseLong(one.document().replaceAll("\\D+k\\D+\\d\\D+(\\d+)\\D*", "$1"));
        assertThat(round).isGreaterThan(newest.getOrDefault(one.id(), -1L));
        newest.put(one.id(), round);
      }
    }
    for (int key = 0; key < 7; key++) {
      String expected =
          key % 2 == 0 ? "delete null" : "index {\"k\":\"k%d\",\"n\":49}".formatted(key);
      assertThat(last).containsEntry("k" + key, expected);
    }
  }

  @Test
  void anAggregateOverRowsThatGoAwayIndexesAndDeletesByTheKeyAndSaysNothingOfBefore()
      throws Exception {
    table("n BIGINT, rows_ BIGINT, PRIMARY KEY (n) NOT ENFORCED", "'index' = 'counts'");
    changes(
        ChangelogMode.upsert(false),
        Row.ofKind(RowKind.INSERT, "a", 1L),
        Row.ofKind(RowKind.INSERT, "b", 1L),
        Row.ofKind(RowKind.UPDATE_AFTER, "a", 2L),
        Row.ofKind(RowKind.DELETE, "b", 1L));
    attach("INSERT INTO target SELECT n, COUNT(*) FROM changes GROUP BY n");
    environment.execute();
    Map<String, String> documents = new HashMap<>();
    arrived().forEach(one -> documents.put(one.id(), one.action() + " " + one.document()));
    assertThat(documents).isEqualTo(Map.of("1", "delete null", "2", "index {\"n\":2,\"rows_\":1}"));
  }

  @Test
  void aKeyThatIsNotThatOfTheQueryIsWhatTheLastOfItsRowsSays() throws Exception {
    table("n BIGINT, k STRING, PRIMARY KEY (n) NOT ENFORCED", "'index' = 'by-number'");
    changes(
        ChangelogMode.upsert(false),
        Row.ofKind(RowKind.INSERT, "a", 1L),
        Row.ofKind(RowKind.INSERT, "b", 1L),
        Row.ofKind(RowKind.UPDATE_AFTER, "b", 2L),
        Row.ofKind(RowKind.INSERT, "c", 3L),
        Row.ofKind(RowKind.DELETE, "c", 3L));
    String insert = "INSERT INTO target SELECT n, k FROM changes";
    assertThat(tables.explainSql(insert)).contains("upsertMaterialize=[true]");
    attach(insert);
    environment.execute();
    Map<String, String> last = new HashMap<>();
    arrived().forEach(one -> last.put(one.id(), one.action() + " " + one.document()));
    assertThat(last)
        .isEqualTo(
            Map.of(
                "1", "index {\"n\":1,\"k\":\"a\"}",
                "2", "index {\"n\":2,\"k\":\"b\"}",
                "3", "delete null"));
  }

  @Test
  void aConditionOnWhatChangesTakesTheDocumentAwayOrFailsWhereNothingCouldDo() throws Exception {
    table(KEYED, "'index' = 'counts'");
    changes(ChangelogMode.insertOnly(), Row.of("a", 1L), Row.of("b", 1L), Row.of("a", 2L));
    String filtered = "SELECT * FROM (SELECT k, COUNT(*) AS n FROM changes GROUP BY k) WHERE n < 2";
    attach("INSERT INTO target " + filtered);
    environment.execute();
    Map<String, String> last = new HashMap<>();
    arrived().forEach(one -> last.put(one.id(), one.action()));
    assertThat(last).isEqualTo(Map.of("a", "delete", "b", "index"));
    tables.executeSql("ALTER TABLE target SET ('operation' = 'upsert')");
    attach("INSERT INTO target " + filtered);
    assertThatThrownBy(environment::execute)
        .rootCause()
        .isInstanceOf(StatementFailedException.class)
        .hasMessageContaining("rows of the table target away by a condition on what changes");
  }

  @Test
  void severalColumnsMakeAnIdThatNoOthersMakeAndTheIndexIsThatOfTheRow() throws Exception {
    table(
        "a STRING, b STRING, d DATE, v DECIMAL(10, 2), tags ARRAY<STRING>, m MAP<STRING, BIGINT>,"
            + " r ROW<x INT>, secret STRING, PRIMARY KEY (a, b, d) NOT ENFORCED",
        "'index' = 'days-{d:%Y.%m}'",
        "'exclude' = 'secret'",
        "'routing-field' = 'a'",
        "'pipeline' = 'p'");
    attach(
        "INSERT INTO target VALUES"
            + " ('x:y', 'z', DATE '2026-03-01', 1.50, ARRAY['t'], MAP['k', CAST(1 AS BIGINT)], ROW(7), 's'),"
            + " ('x', 'y:z', DATE '2026-03-01', 2.25, ARRAY['t'], MAP['k', CAST(1 AS BIGINT)], ROW(7), 's')");
    environment.execute();
    assertThat(arrived())
        .extracting(FakeElasticsearch.Operation::id)
        .containsExactlyInAnyOrder("x%3Ay:z:2026-03-01", "x:y%3Az:2026-03-01");
    assertThat(arrived())
        .allSatisfy(
            one -> {
              assertThat(one.meta()).contains("\"_index\":\"days-2026.03\"", "\"routing\":\"x");
              assertThat(one.document())
                  .contains("\"tags\":[\"t\"],\"m\":{\"k\":1},\"r\":{\"x\":7}")
                  .doesNotContain("secret");
            });
    assertThat(arrived())
        .extracting(one -> one.document().replaceAll(".*\"v\":([^,]+),.*", "$1"))
        .containsExactlyInAnyOrder("1.50", "2.25");
  }

  @Test
  void withoutAKeyRowsAreAppendedAndAQueryThatChangesThemIsRefusedByTheTable() throws Exception {
    table("k STRING, n BIGINT", "'index' = 'log'");
    changes(ChangelogMode.insertOnly(), Row.of("a", 1L), Row.of("a", 1L));
    refused(
        "SELECT k, COUNT(*) FROM changes GROUP BY k",
        "the query changes rows",
        "table target has no PRIMARY KEY");
    attach("INSERT INTO target SELECT k, n FROM changes");
    environment.execute();
    assertThat(arrived())
        .hasSize(2)
        .allSatisfy(one -> assertThat(one.action() + one.id()).isEqualTo("createnull"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'index' = 'n-{n}' | chooses index or shard by 'n', outside of the PRIMARY KEY",
        "'index' = 'a', 'routing-field' = 'n' | chooses index or shard by 'n', outside of the",
        "'index' = 'a', 'operation' = 'create' | has 'operation' = 'create', which is for rows",
        "'index' = 'a', 'operation-field' = 'k' | has 'operation-field', which is for rows",
      },
      quoteCharacter = '"')
  void aChangeThatNoDocumentCouldFollowIsRefused(String options, String why) {
    table(KEYED, options);
    changes(ChangelogMode.insertOnly(), Row.of("a", 1L));
    refused("SELECT k, COUNT(*) FROM changes GROUP BY k", "the query changes rows", why);
    attach("INSERT INTO target SELECT k, n FROM changes");
  }

  @Test
  void aVersionTakesUpdatesAndNoDeletes() {
    table(KEYED, "'index' = 'a'", "'version-field' = 'n'");
    changes(ChangelogMode.insertOnly(), Row.of("a", 1L));
    attach("INSERT INTO target SELECT k, COUNT(*) FROM changes GROUP BY k");
    tables.dropTemporaryView("changes");
    changes(ChangelogMode.upsert(false), Row.of("a", 1L));
    refused("SELECT k, n FROM changes", "the query deletes rows", "has no newer version");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "k STRING | 'topic' = 'x', 'index' = 'a' | have no option 'topic'",
        "k STRING | 'pipeline' = 'x' | needs 'index'",
        "k STRING | 'index' = 'Upper' | can be no name of an index: it is not lowercase",
        "k STRING | 'index' = '{k}' | it begins with a column",
        "k STRING | 'index' = 'a-{no}' | index names 'no', which is not a field of the row",
        "k STRING | 'index' = 'a-{k:%Q}' | %Q is none of",
        "k STRING | 'index' = 'a', 'operation' = 'upsert' | needs a PRIMARY KEY",
        "k STRING | 'index' = 'a', 'operation-field' = 'k' | need a PRIMARY KEY",
        "k STRING | 'index' = 'a', 'operation' = 'put' | it must be one of index, create",
        "k STRING | 'index' = 'a', 'on-error' = 'dead_letter' | a topic job.dead_letters",
        "k STRING | 'index' = 'a', 'dead-letter-index' = 'b' | 'on-error' is not 'dead_letter'",
        "k STRING | 'index' = 'a', 'on-error' = 'dead_letter', 'dead-letter-index' = 'a' | which the",
        "k STRING | 'index' = 'a', 'on-error' = 'dead_letter', 'dead-letter-index' = 'A' | lowercase",
        "k STRING | 'index' = 'a', 'on-error' = 'maybe' | is none of 'fail', 'skip'",
        "k STRING | 'index' = 'a', 'exclude' = 'k;x' | 'exclude' names 'x'",
        "k STRING | 'index' = 'a', 'sink.parallelism' = '0' | no whole number from 1",
        "k STRING | 'index' = 'a', 'require-alias' = 'yes' | it must be true or false",
        "m MAP<BIGINT, STRING> | 'index' = 'a' | 'm' has the type MAP<BIGINT, STRING>",
        "t TIME | 'index' = 'a' | 't' has the type TIME",
        "m MULTISET<STRING> | 'index' = 'a' | 'm' has the type MULTISET",
        "d DOUBLE, PRIMARY KEY (d) NOT ENFORCED | 'index' = 'a' | 'd' of the PRIMARY KEY",
      },
      quoteCharacter = '"')
  void whatDoesNotFitIsToldWhenTheStatementIsPlanned(String columns, String options, String why) {
    table(columns, options);
    String type = columns.substring(columns.indexOf(' ') + 1).replaceAll(", PRIMARY.*", "");
    refused(
        type.startsWith("MULTISET")
            ? "SELECT COLLECT('x') FROM (VALUES (1)) AS v(i) GROUP BY i"
            : "SELECT CAST(NULL AS %s)".formatted(type),
        why);
  }

  @Test
  void aTableIsNotRead() {
    table("k STRING", "'index' = 'a'");
    assertThatThrownBy(() -> tables.sqlQuery("SELECT * FROM target").explain())
        .hasStackTraceContaining("are written, and cannot be read");
  }

  @Test
  void dataTheServerRefusesBecomesALetterOfTheClusterThatIsNamed() {
    gate.useLetters(new LetterPolicy("job", "letters", 0, 0), Map.of("east", Map.of()));
    table("k STRING", "'index' = 'a'", "'on-error' = 'dead_letter'", "'cluster' = 'east'");
    attach("INSERT INTO target VALUES ('x')");
    tables.executeSql("ALTER TABLE target SET ('cluster' = 'west')");
    refused("VALUES ('x')", "dead letters go to Kafka", "[kafka.west]");
    tables.executeSql("ALTER TABLE target SET ('dead-letter-index' = 'letters')");
    attach("INSERT INTO target VALUES ('x')");
  }

  @Test
  void thePlanAndTheCatalogHaveTheTableAndNothingOfTheSettings() {
    table(KEYED, "'index' = 'counts'");
    changes(ChangelogMode.insertOnly(), Row.of("a", 1L));
    String plan =
        tables.explainSql("INSERT INTO target SELECT k, COUNT(*) FROM changes GROUP BY k");
    assertThat(plan).contains("target").doesNotContain("localhost:" + server.port());
    assertThat(String.valueOf(tables.executeSql("SHOW CREATE TABLE target").collect().next()))
        .contains("flinksec-elasticsearch")
        .doesNotContain("localhost");
  }

  @Test
  void withoutASectionInTheSettingsThereIsNoSuchTable() {
    StreamTableEnvironment other = StreamTableEnvironment.create(environment);
    TableGate.of(0).guard(other);
    other.executeSql(
        "CREATE TABLE t (k STRING) WITH ('connector' = 'flinksec-elasticsearch', 'index' = 'a')");
    StreamStatementSet set = other.createStatementSet();
    set.addInsertSql("INSERT INTO t VALUES ('x')");
    assertThatThrownBy(set::attachAsDataStream)
        .hasStackTraceContaining("need the section [elasticsearch] in the settings");
  }
}
