// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.bridge.java.StreamStatementSet;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.CloseableIterator;
import org.flinksec.badrecords.LetterPolicy;
import org.flinksec.elasticsearch.FakeElasticsearch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever a query makes of changes, in the end the documents are what Flink's own batch planner
 * makes of the rows that are left.
 */
class ElasticsearchTableQueriesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeInformation<Row> TYPE =
      Types.ROW_NAMED(new String[] {"k", "g", "n"}, Types.LONG, Types.LONG, Types.LONG);
  private static final int CHANGES = 400;
  private static final int KEYS = 40;

  private final Random random = new Random(15);
  private final List<Row> changes = new ArrayList<>();
  private final Map<Long, Row> left = new TreeMap<>();

  private void change() {
    long key = random.nextInt(KEYS);
    if (left.containsKey(key) && random.nextInt(4) == 0) {
      changes.add(Row.ofKind(RowKind.DELETE, left.remove(key).getField(0), null, null));
      return;
    }
    Row row = Row.of(key, (long) random.nextInt(6), (long) random.nextInt(100));
    boolean isNew = left.put(key, row) == null;
    row = Row.copy(row);
    row.setKind(isNew ? RowKind.INSERT : RowKind.UPDATE_AFTER);
    changes.add(row);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT g AS id, COUNT(*) AS v FROM t GROUP BY g HAVING MOD(COUNT(*), 2) = 1",
        "SELECT k AS id, n AS v FROM t WHERE n > 50",
        "SELECT g AS id, k AS v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY g ORDER BY n DESC, k)"
            + " AS place FROM t) WHERE place = 1",
        "SELECT c AS id, COUNT(*) AS v FROM (SELECT g, COUNT(*) AS c FROM t GROUP BY g) GROUP BY c",
      })
  void theDocumentsAreInTheEndWhatTheQueryMakesOfTheRowsThatAreLeft(String query) throws Exception {
    for (int i = 0; i < CHANGES; i++) {
      change();
    }
    assertThat(documents(query)).isEqualTo(inBatch(query)).isNotEmpty();
  }

  private Map<Long, Long> documents(String query) throws Exception {
    try (FakeElasticsearch server = new FakeElasticsearch(null)) {
      StreamExecutionEnvironment environment =
          StreamExecutionEnvironment.getExecutionEnvironment().setParallelism(2);
      StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
      TableGate gate = TableGate.of(0);
      Map<String, String> settings = new HashMap<>();
      settings.put("hosts", "http://localhost:" + server.port());
      settings.put("max_batch_size", "20");
      settings.put("max_buffered", "60");
      gate.useElasticsearch(settings, new LetterPolicy("job", "", 0, 0));
      gate.guard(tables);
      Schema schema =
          Schema.newBuilder()
              .column("k", "BIGINT NOT NULL")
              .column("g", "BIGINT")
              .column("n", "BIGINT")
              .primaryKey("k")
              .build();
      tables.createTemporaryView(
          "t",
          tables.fromChangelogStream(
              environment.fromData(changes, TYPE).setParallelism(1),
              schema,
              ChangelogMode.upsert()));
      tables.executeSql(
          "CREATE TABLE target (id BIGINT, v BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH"
              + " ('connector' = 'flinksec-elasticsearch', 'index' = 'a')");
      StreamStatementSet set = tables.createStatementSet();
      set.addInsertSql("INSERT INTO target " + query);
      set.attachAsDataStream();
      environment.execute();
      Map<Long, Long> documents = new TreeMap<>();
      for (List<FakeElasticsearch.Operation> request : server.requests()) {
        for (FakeElasticsearch.Operation one : request) {
          if (one.document() == null) {
            documents.remove(Long.valueOf(one.id()));
          } else {
            JsonNode document = JSON.readTree(one.document());
            JsonNode value = document.get("v");
            documents.put(Long.valueOf(one.id()), value.isNull() ? null : value.asLong());
          }
        }
      }
      return documents;
    }
  }

  private Map<Long, Long> inBatch(String query) throws Exception {
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment().setParallelism(1);
    environment.setRuntimeMode(RuntimeExecutionMode.BATCH);
    StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
    tables.createTemporaryView(
        "t", tables.fromDataStream(environment.fromData(List.copyOf(left.values()), TYPE)));
    Map<Long, Long> rows = new TreeMap<>();
    try (CloseableIterator<Row> found = tables.executeSql(query).collect()) {
      found.forEachRemaining(row -> rows.put((Long) row.getField("id"), (Long) row.getField("v")));
    }
    return rows;
  }
}
