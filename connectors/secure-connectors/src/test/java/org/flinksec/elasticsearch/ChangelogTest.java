// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.flinksec.elasticsearch.FakeElasticsearch.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A stream of a table's changes leaves the documents of the rows that the table has. */
@Timeout(300)
class ChangelogTest extends SinkAgainstAFake {
  private static final TypeInformation<Row> PLACED =
      Types.ROW_NAMED(new String[] {"id", "n", "place"}, Types.STRING, Types.LONG, Types.STRING);

  private final OneMailbox context = new OneMailbox();

  @Override
  WriterInitContext context() {
    return context;
  }

  private static Row before(Object... values) {
    return Row.ofKind(RowKind.UPDATE_BEFORE, values);
  }

  private static Row after(Object... values) {
    return Row.ofKind(RowKind.UPDATE_AFTER, values);
  }

  private List<Operation> sent() {
    return elasticsearch.requests().stream().flatMap(List::stream).toList();
  }

  private List<Operation> sent(TypeInformation<Row> type, Row... rows) throws Exception {
    try (var writer = writer(type, List.of())) {
      write(writer, rows);
      writer.flush(true);
    }
    return sent();
  }

  private static Operation index(String id, long n) {
    return new Operation("index", id, "{\"id\":\"%s\",\"n\":%d}".formatted(id, n));
  }

  @Test
  void aDocumentThatStaysInItsPlaceIsReplacedAndNeverDeleted() throws Exception {
    assertThat(sent(TYPE, Row.of("a", 1L), before("a", 1L), after("a", 2L)))
        .containsExactly(index("a", 1), index("a", 2));
  }

  @Test
  void aRowThatDeletesDeletesItsDocument() throws Exception {
    assertThat(sent(TYPE, Row.of("a", 1L), Row.ofKind(RowKind.DELETE, "a", 1L)))
        .containsExactly(index("a", 1), new Operation("delete", "a", null));
  }

  @Test
  void aDocumentWhoseIdChangesIsDeletedWhereItWas() throws Exception {
    assertThat(sent(TYPE, Row.of("a", 1L), before("a", 1L), after("b", 1L)))
        .containsExactly(index("a", 1), new Operation("delete", "a", null), index("b", 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"routing", "index"})
  void aDocumentWhoseShardOrIndexChangesIsDeletedWhereItWas(String by) throws Exception {
    config.put("exclude", "place");
    if (by.equals("routing")) {
      config.put("routing_field", "place");
    } else {
      config.put("index_pattern", "[\"f-\",{\"field\":\"place\",\"lower\":false}]");
    }
    assertThat(
            sent(PLACED, Row.of("a", 1L, "left"), before("a", 1L, "left"), after("a", 1L, "right")))
        .extracting(Operation::action, operation -> operation.meta().contains("left"))
        .containsExactly(tuple("index", true), tuple("delete", true), tuple("index", false));
  }

  @Test
  void whatAConditionTakesAwayIsDeletedBeforeTheCheckpointIsComplete() throws Exception {
    try (var writer = writer()) {
      write(writer, Row.of("a", 9L), before("a", 9L)); // and the row after it does not come
      writer.flush(false);
      assertThat(sent()).containsExactly(index("a", 9), new Operation("delete", "a", null));
      write(writer, before("b", 9L), before("c", 9L), Row.of("d", 1L));
      writer.flush(false);
      assertThat(sent().subList(2, 5))
          .extracting(Operation::action, Operation::id)
          .hasToString("[(\"delete\", \"b\"), (\"delete\", \"c\"), (\"index\", \"d\")]");
    }
  }

  @Test
  void whatAConditionTakesAwayIsDeletedSoonWithoutACheckpointToo() throws Exception {
    config.put("flush_interval", "500");
    try (var writer = writer()) {
      write(writer, Row.of("a", 9L));
      writer.flush(false); // so that no request holds the id, whose end a task would hear of
      write(writer, before("a", 9L));
      while (!sent().contains(new Operation("delete", "a", null))) {
        context.getTestProcessingTimeService().advance(500);
        Thread.sleep(5); // until the class ends it for being late
      }
    }
  }

  @Test
  void theDeletionIsPartOfACheckpointWhileTheServerIsAway() throws Exception {
    elasticsearch.requestStatus(request -> 503);
    config.put("retry_timeout", "60000");
    try (var writer = writer()) {
      write(writer, before("a", 9L));
      writer.flush(false);
      assertThat(writer.snapshotState(1).get(0).getBufferedRequestEntries())
          .extracting(entry -> entry.getRequestEntry().operation())
          .containsExactly(org.flinksec.elasticsearch.Operation.DELETE);
    }
  }

  @Test
  void aDeletionWithoutANewerVersionFailsTheJobByName() throws Exception {
    config.put("version_field", "n");
    assertThat(sent(TYPE, Row.of("a", 1L), before("a", 1L), after("a", 2L)))
        .extracting(Operation::action)
        .containsExactly("index", "index");
    assertThatThrownBy(() -> sent(TYPE, before("a", 1L), after("b", 2L)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("version_field");
  }

  @Test
  void withoutAnIdWhatARowWasIsABadDocument() {
    config.remove("id_field");
    for (RowKind kind : List.of(RowKind.DELETE, RowKind.UPDATE_BEFORE)) {
      assertThatThrownBy(() -> sent(TYPE, Row.ofKind(kind, "a", 2L)))
          .hasMessageContaining("without id_field");
    }
  }

  @Test
  void whatGaveNoDocumentHasNoneToBeDeleted() throws Exception {
    assertThat(sent(TYPE, before(null, 1L), after("a", 1L))).containsExactly(index("a", 1));
  }

  /** The table is the referee: rows by a key that no document has, whose ids change. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theIndexComesToTheRowsOfTheTable(long seed) throws Exception {
    config.put("max_batch_size", "7");
    Map<String, String> index = new HashMap<>();
    elasticsearch.items(
        operation -> {
          synchronized (index) {
            boolean deletes = operation.action().equals("delete");
            boolean there =
                deletes
                    ? index.remove(operation.id()) != null
                    : index.put(operation.id(), operation.document()) != null;
            return deletes && !there
                ? new FakeElasticsearch.Answer(404, null, null)
                : new FakeElasticsearch.Answer(200, null, null);
          }
        });
    Random random = new Random(seed);
    Map<Integer, Row> table = new TreeMap<>();
    try (var writer = writer()) {
      for (long n = 0; n < 300; n++) {
        int key = random.nextInt(5);
        Row old = table.get(key);
        String id = "k%d-%d".formatted(key, random.nextInt(2));
        boolean kept = random.nextInt(4) > 0; // a condition, such as HAVING
        if (old != null) {
          boolean retracts = kept || random.nextBoolean();
          RowKind kind = retracts ? RowKind.UPDATE_BEFORE : RowKind.DELETE;
          write(writer, Row.ofKind(kind, old.getField(0), old.getField(1)));
          table.remove(key);
        }
        if (kept) {
          Row made = Row.of(id, n);
          table.put(key, made);
          write(writer, Row.ofKind(old == null ? RowKind.INSERT : RowKind.UPDATE_AFTER, id, n));
        }
        if (random.nextInt(20) == 0) {
          writer.flush(false);
        }
      }
      writer.flush(true);
    }
    Map<String, String> expected = new HashMap<>();
    table
        .values()
        .forEach(
            row ->
                expected.put(
                    (String) row.getField(0),
                    "{\"id\":\"%s\",\"n\":%s}".formatted(row.getField(0), row.getField(1))));
    assertThat(index).isEqualTo(expected);
  }
}
