// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.types.Row;
import org.flinksec.Capture;
import org.flinksec.badrecords.Letter;
import org.flinksec.badrecords.LetterHeaders;
import org.flinksec.badrecords.LetterOutlet;
import org.flinksec.badrecords.Stage;
import org.flinksec.elasticsearch.FakeElasticsearch.Answer;
import org.flinksec.elasticsearch.FakeElasticsearch.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What arrives, whatever happens on the way. */
@Timeout(300)
class DeliveryTest extends SinkAgainstAFake {
  private static final List<Letter> LETTERS = new CopyOnWriteArrayList<>();
  private static final Answer CONFLICT =
      new Answer(409, "version_conflict_engine_exception", "[CANARY]: version conflict");

  private static final class Outlet implements LetterOutlet {
    @Override
    public void put(Letter letter) {
      LETTERS.add(letter);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void aCheckpointDoesNotWaitForTheEndOfAnOutageAndHoldsWhatIsNotIn() throws Exception {
    config.put("max_batch_size", "2");
    config.put("max_in_flight", "2");
    elasticsearch.requestStatus(request -> 503);
    DocumentRequestSerializer serializer = new DocumentRequestSerializer();
    byte[] state;
    try (var writer = writer()) {
      for (long n = 0; n < 7; n++) {
        write(writer, Row.of("id" + n % 4, n));
      }
      writer.flush(false);
      state = serializer.serialize(writer.snapshotState(1).get(0));
    }
    elasticsearch.requestStatus(request -> 200);
    BufferedRequestState<DocumentRequest> restored =
        serializer.deserialize(DocumentRequestSerializer.VERSION, state);
    assertThat(restored.getBufferedRequestEntries()).hasSize(7);
    try (var writer = writer(List.of(restored))) {
      writer.flush(false);
      assertThat(writer.snapshotState(2).get(0).getBufferedRequestEntries()).isEmpty();
    }
    assertThat(elasticsearch.documents())
        .containsEntry("id0", "{\"id\":\"id0\",\"n\":4}")
        .containsEntry("id2", "{\"id\":\"id2\",\"n\":6}")
        .containsEntry("id3", "{\"id\":\"id3\",\"n\":3}");
  }

  @Test
  void whatACheckpointLeftOpenIsSentWhenTheServerIsBack() throws Exception {
    AtomicBoolean down = new AtomicBoolean(true);
    elasticsearch.requestStatus(request -> down.get() ? 503 : 200);
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L), Row.of("b", 2L));
      writer.flush(false);
      down.set(false);
      writer.flush(true);
      assertThat(writer.snapshotState(1).get(0).getBufferedRequestEntries()).isEmpty();
    }
    assertThat(elasticsearch.documents()).containsOnlyKeys("a", "b");
  }

  @Test
  void aRequestWhoseAnswerBeginsAndNeverEndsIsEndedAndSentAgain() throws Exception {
    config.put("response_timeout", "100");
    elasticsearch.drips(true);
    try (Capture log = new Capture(ElasticsearchSinkWriter.class);
        var writer = writer()) {
      write(writer, Row.of("a", 1L));
      writer.flush(false); // It ends since the request fails, and not when the server wants it.
      assertThat(log.messages())
          .singleElement()
          .asString()
          .endsWith("no answer: the answer does not end within 300 ms");
      elasticsearch.drips(false);
      writer.flush(true);
    }
    assertThat(elasticsearch.documents()).containsOnlyKeys("a");
  }

  @Test
  void whatIsTooLargeForOneRequestGoesOutInSmallerOnesAndTheNextAreSmallerAtOnce()
      throws Exception {
    config.put("on_error", "skip");
    config.put("compress", "false");
    elasticsearch.largestBody(400);
    try (var writer = writer()) {
      write(writer, Row.of("huge".repeat(100), 0L));
      for (long n = 0; n < 20; n++) {
        write(writer, Row.of("id" + n, n));
      }
      writer.flush(true);
      assertThat(elasticsearch.documents()).hasSize(20);
      assertThat(writer.rejectedDocuments()).isEqualTo(1);
      int before = elasticsearch.paths().size();
      for (long n = 0; n < 3; n++) {
        write(writer, Row.of("more" + n, n));
      }
      writer.flush(true);
      assertThat(elasticsearch.paths()).hasSize(before + 1);
    }
    assertThat(elasticsearch.documents()).hasSize(23);
  }

  @Test
  void aDocumentThatIsThereAlreadyIsCreatedAndOneThatIsNotThereIsDeleted() throws Exception {
    config.put("operation", "create");
    elasticsearch.items(operation -> CONFLICT);
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L));
      writer.flush(true);
      assertThat(writer.rejectedDocuments()).isZero();
    }
    config.put("operation", "delete");
    AtomicInteger asked = new AtomicInteger();
    elasticsearch.items(
        operation -> asked.getAndIncrement() == 0 ? Answer.of(503) : Answer.of(201));
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L));
      writer.flush(true);
    }
    assertThat(elasticsearch.requests()).hasSize(3);
  }

  @Test
  void aNewerVersionThatIsThereIsSuccessOnlyByChoice() throws Exception {
    config.put("version_field", "n");
    elasticsearch.items(operation -> CONFLICT);
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L));
      writer.flush(true);
    }
    config.put("version_conflict_is_success", "false");
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .endsWith("status 409, version_conflict_engine_exception"));
    }
  }

  @Test
  void anUpdateWaitsForWhatItChanges() throws Exception {
    config.put("operation", "upsert");
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L), Row.of("b", 1L), Row.of("a", 2L));
      writer.flush(true);
    }
    assertThat(elasticsearch.requests())
        .extracting(request -> request.stream().map(Operation::id).toList())
        .containsExactly(List.of("a", "b"), List.of("a"));
  }

  @Test
  void aDocumentOfACheckpointThatIsLargerThanRequestsMayBeNamesTheSetting() throws Exception {
    elasticsearch.requestStatus(request -> 503);
    List<BufferedRequestState<DocumentRequest>> states;
    try (var writer = writer()) {
      write(writer, Row.of("CANARY".repeat(50), 1L));
      writer.flush(false);
      states = writer.snapshotState(1);
    }
    config.put("max_batch_bytes", "200");
    assertThatThrownBy(() -> writer(states))
        .isInstanceOf(ElasticsearchSinkException.class)
        .hasMessageContaining("elasticsearch.max_batch_bytes is 200: raise it")
        .hasMessageNotContaining("CANARY");
  }

  @Test
  void whatIsRefusedForGoodBecomesADeadLetterWithItsReasonAndItsDocument() throws Exception {
    LETTERS.clear();
    config.put("on_error", "dead_letter");
    elasticsearch.itemStatus(operation -> operation.id().equals("bad") ? 400 : 201);
    ElasticsearchSink<Row> sink =
        ((ElasticsearchSink<Row>) ElasticsearchSinks.forRows(config, TYPE))
            .letters((metrics, task) -> new Outlet(), false);
    try (var writer = sink.restoreWriter(new OneMailbox(), List.of())) {
      write(
          (ElasticsearchSinkWriter<Row>) writer,
          Row.of("good", 1L),
          Row.of("bad", 2L),
          Row.of("", 3L));
      writer.flush(false);
    }
    assertThat(elasticsearch.documents()).isEqualTo(Map.of("good", "{\"id\":\"good\",\"n\":1}"));
    assertThat(LETTERS)
        .extracting(letter -> new String(letter.element(), StandardCharsets.UTF_8))
        .containsExactly("{\"id\":\"\",\"n\":3}", "{\"id\":\"bad\",\"n\":2}");
    assertThat(LETTERS).extracting(Letter::stage).containsExactly(Stage.ENCODE, Stage.REFUSED);
    // As Kafka Connect's: no topic is what they were to be written to.
    assertThat(LETTERS)
        .extracting(letter -> LetterHeaders.of(letter, "job", 0))
        .allSatisfy(
            headers ->
                assertThat(headers)
                    .filteredOn(header -> header.name().endsWith(".stage"))
                    .extracting(header -> new String(header.value(), StandardCharsets.UTF_8))
                    .containsExactly("TASK_PUT"));
    assertThat(LETTERS)
        .extracting(letter -> letter.badRecord().message())
        .allSatisfy(
            message ->
                assertThat(message)
                    .startsWith("a document for index 'flights' ")
                    .doesNotContain("CANARY"));
  }
}
