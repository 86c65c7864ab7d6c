// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.types.Row;
import org.flinksec.elasticsearch.FakeElasticsearch.Answer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an index comes to is what the operations come to one after the other, by their ids. */
@Timeout(300)
class OrderByIdTest extends SinkAgainstAFake {
  private static final TypeInformation<Row> OPERATIONS =
      Types.ROW_NAMED(new String[] {"id", "n", "op"}, Types.STRING, Types.LONG, Types.STRING);
  private static final List<String> WORDS =
      List.of("index", "create", "update", "upsert", "delete");
  private static final Pattern NUMBER = Pattern.compile("\"n\":(\\d+)");

  /** Does an operation, as Elasticsearch does; returns its status. */
  private static int apply(Map<String, Long> index, String operation, String id, Long n) {
    boolean there = index.containsKey(id);
    switch (operation) {
      case "create":
        index.putIfAbsent(id, n);
        return there ? 409 : 201;
      case "update":
        index.computeIfPresent(id, (same, before) -> n);
        return there ? 200 : 404;
      case "delete":
        index.remove(id);
        return there ? 200 : 404;
      default:
        index.put(id, n);
        return 200;
    }
  }

  private static Answer answer(String action, int status) {
    return switch (status) {
      case 409 -> new Answer(409, "version_conflict_engine_exception", "there is one");
      case 404 ->
          new Answer(404, action.equals("delete") ? null : "document_missing_exception", "none");
      default -> Answer.of(status);
    };
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void operationsOnOneIdKeepTheirOrderWhateverIsRefusedOrLost(long seed) throws Exception {
    config.put("max_batch_size", "8");
    config.put("max_buffered", "20");
    config.put("operation_field", "op");
    config.put("exclude", "op");
    config.put("on_error", "skip");
    config.put("max_skipped_in_a_row", "0");
    Random random = new Random(seed);
    Map<String, Long> index = new HashMap<>();
    elasticsearch.items(
        operation -> {
          synchronized (index) {
            if (random.nextInt(100) < 15) {
              return Answer.of(random.nextBoolean() ? 429 : 503);
            }
            boolean upsert =
                operation.document() != null && operation.document().contains("doc_as_upsert");
            Matcher n = NUMBER.matcher(String.valueOf(operation.document()));
            int status =
                apply(
                    index,
                    upsert ? "upsert" : operation.action(),
                    operation.id(),
                    n.find() ? Long.valueOf(n.group(1)) : null);
            return answer(operation.action(), status);
          }
        });
    elasticsearch.loseAnswers(
        () -> {
          synchronized (index) {
            return random.nextInt(100) < 15;
          }
        });
    Map<String, Long> expected = new HashMap<>();
    Random chosen = new Random(-seed);
    try (var writer = writer(OPERATIONS, List.of())) {
      for (long n = 0; n < 150; n++) {
        String id = "id" + chosen.nextInt(6);
        String word = WORDS.get(chosen.nextInt(WORDS.size()));
        apply(expected, word, id, n);
        write(writer, Row.of(id, n, word));
      }
      writer.flush(true);
    }
    assertThat(index).isEqualTo(expected);
  }
}
