// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.types.Row;
import org.apache.flink.util.ExceptionUtils;
import org.flinksec.Capture;
import org.flinksec.Serialized;
import org.flinksec.badrecords.DeadLetterException;
import org.flinksec.badrecords.LetterBox;
import org.flinksec.badrecords.LetterPolicy;
import org.flinksec.elasticsearch.FakeElasticsearch.Answer;
import org.flinksec.elasticsearch.FakeElasticsearch.Operation;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bad documents go to an index of their own. */
@Timeout(300)
class IndexLettersTest extends SinkAgainstAFake {
  private static final ObjectMapper JSON = new ObjectMapper();

  @BeforeEach
  void keepLetters() {
    config.put("on_error", "dead_letter");
    config.put("dead_letter_index", "dead");
    elasticsearch.items(
        operation -> Answer.of(!isLetter(operation) && "bad".equals(operation.id()) ? 400 : 201));
  }

  private static boolean isLetter(Operation operation) {
    return operation.meta().contains("\"dead\"");
  }

  private List<Operation> letters() {
    return elasticsearch.requests().stream()
        .flatMap(List::stream)
        .filter(IndexLettersTest::isLetter)
        .toList();
  }

  @Test
  void aLetterHasTheReasonAndTheDocumentAsTextAndIsInBeforeACheckpointCompletes() throws Exception {
    try (Capture log = new Capture(LetterBox.class);
        var writer = writer()) {
      write(writer, Row.of("good", 1L), Row.of("bad", 2L), Row.of(null, 3L));
      writer.flush(false);
      assertThat(writer.snapshotState(1).get(0).getBufferedRequestEntries()).isEmpty();
      assertThat(writer.rejectedDocuments()).isEqualTo(2);
      assertThat(log.messages())
          .allSatisfy(
              line ->
                  assertThat(line)
                      .startsWith("A dead letter for the Elasticsearch index dead: a document for")
                      .doesNotContain("CANARY", "bad"));
      assertThat(log.messages()).hasSize(2);
    }
    assertThat(letters())
        .hasSize(2)
        .allSatisfy(one -> assertThat(one.action()).isEqualTo("create"));
    JsonNode refused = null;
    JsonNode unmade = null;
    for (Operation letter : letters()) {
      JsonNode read = JSON.readTree(letter.document());
      if (read.path("stage").asText().equals("refused")) {
        refused = read;
      } else {
        unmade = read;
      }
    }
    assertThat(refused.path("job").asText()).isEqualTo("of-documents");
    assertThat(refused.path("index").asText()).isEqualTo("flights");
    assertThat(refused.path("reason").asText())
        .contains("status 400, document_parsing_exception")
        .endsWith("field 'n' does not fit its type long in the mapping")
        .doesNotContain("CANARY");
    assertThat(refused.path("document").asText()).isEqualTo("{\"id\":\"bad\",\"n\":2}");
    assertThat(refused.path("@timestamp").asText()).startsWith("20").endsWith("Z");
    assertThat(unmade.path("stage").asText()).isEqualTo("encode");
    assertThat(unmade.path("reason").asText()).isEqualTo("the id field 'id' is null or missing");
    assertThat(unmade.path("document").asText()).isEqualTo("{\"id\":null,\"n\":3}");
  }

  @Test
  void whatTheJobSaysOfItsDocumentsIsNotAboutLetters() throws Exception {
    config.put("pipeline", "clean");
    config.put("require_alias", "true");
    config.put("dynamic_templates", "{\"n\":\"keywords\"}");
    try (var writer = writer()) {
      write(writer, Row.of("bad", 2L));
      writer.flush(true);
    }
    assertThat(letters())
        .singleElement()
        .extracting(Operation::meta)
        .isEqualTo("{\"_index\":\"dead\",\"pipeline\":\"_none\",\"require_alias\":false}");
  }

  @Test
  void aLetterWaitsForABusyServerAsDocumentsDo() throws Exception {
    config.put("retry_backoff", "1");
    elasticsearch.items(
        operation -> Answer.of(!isLetter(operation) ? 400 : letters().size() < 3 ? 429 : 201));
    try (var writer = writer()) {
      write(writer, Row.of("bad", 2L));
      writer.flush(true);
    }
    assertThat(letters()).hasSize(3);
    assertThat(elasticsearch.documents()).hasSize(1);
  }

  @Test
  void aLetterThatIsRefusedItselfFailsTheJobByName() throws Exception {
    elasticsearch.items(operation -> Answer.of(400));
    try (var writer = writer()) {
      write(writer, Row.of("bad", 2L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .contains(
                          "does not take a dead letter for index 'dead' (dead_letter_index): status"
                              + " 400, document_parsing_exception")
                      .doesNotContain("CANARY"));
    }
    assertThat(letters()).hasSize(1);
  }

  @Test
  void thereAreNoMoreLettersThanTheJobMayHave() throws Exception {
    try (var writer = writer("quota", 2)) {
      for (int i = 0; i < 2; i++) {
        write((ElasticsearchSinkWriter<Row>) writer, Row.of("bad", 1L));
        writer.flush(true);
      }
      write((ElasticsearchSinkWriter<Row>) writer, Row.of("bad", 1L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(
                          ExceptionUtils.findThrowable(e, DeadLetterException.class).orElseThrow())
                      .hasMessageStartingWith(
                          "2 dead letters in 3600 s are as many as the job may have"
                              + " (job.max_dead_letters"));
    }
    assertThat(letters()).hasSize(2);
  }

  @Test
  void aLetterThatIsLargerThanDocumentsMayBeFailsTheJobByName() throws Exception {
    config.put("max_batch_bytes", "200");
    try (var writer = writer()) {
      write(writer, Row.of("bad", 1L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(
                          ExceptionUtils.findThrowable(e, DeadLetterException.class).orElseThrow())
                      .hasMessageStartingWith(
                          "a dead letter is too large for the Elasticsearch index dead: it has")
                      .hasMessageContaining("elasticsearch.max_batch_bytes is 200"));
    }
  }

  private StatefulSinkWriter<Row, ?> writer(String job, int most) throws Exception {
    ElasticsearchSink<Row> sink = (ElasticsearchSink<Row>) ElasticsearchSinks.forRows(config, TYPE);
    ElasticsearchSinks.withIndexedLetters(
        sink, LetterPolicy.ofIndex(job, "dead", most, 3_600_000), false);
    return Serialized.copy(sink).restoreWriter(context(), List.of());
  }
}
