// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.types.Row;
import org.flinksec.Capture;
import org.flinksec.Serialized;
import org.flinksec.badrecords.BadRecordException;
import org.flinksec.elasticsearch.FakeElasticsearch.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class ElasticsearchSinkWriterTest extends SinkAgainstAFake {
  @Test
  void aCheckpointSendsAllDocumentsAndLeavesNoState() throws Exception {
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L), Row.of("b", 2L), Row.of("ü\"", null));
      assertThat(elasticsearch.requests()).isEmpty();
      writer.flush(false);
      assertThat(elasticsearch.documents())
          .isEqualTo(
              Map.of(
                  "a", "{\"id\":\"a\",\"n\":1}",
                  "b", "{\"id\":\"b\",\"n\":2}",
                  "ü\"", "{\"id\":\"ü\\\"\",\"n\":null}"));
      assertThat(writer.snapshotState(1).get(0).getBufferedRequestEntries()).isEmpty();
      assertThat(elasticsearch.requests()).singleElement().asList().hasSize(3);
    }
  }

  @Test
  void documentsWithAnIdReplaceEachOtherAndThoseWithoutAreCreated() throws Exception {
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L), Row.of("a", 2L));
      writer.flush(false);
    }
    config.remove("id_field");
    try (var writer = writer()) {
      write(writer, Row.of("a", 3L));
      writer.flush(false);
    }
    assertThat(elasticsearch.documents()).containsEntry("a", "{\"id\":\"a\",\"n\":2}");
    assertThat(elasticsearch.requests().get(1))
        .containsExactly(new Operation("create", null, "{\"id\":\"a\",\"n\":3}"));
  }

  @Test
  void anUnavailableClusterIsTriedAgainWithTheWholeBatchInOrder() throws Exception {
    elasticsearch.requestStatus(request -> request < 4 ? 500 + request : 200); // 501, 502, 503
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L), Row.of("b", 2L));
      writer.flush(true);
    }
    assertThat(elasticsearch.requests()).hasSize(4);
    assertThat(elasticsearch.requests())
        .allSatisfy(
            request -> assertThat(request).extracting(Operation::id).containsExactly("a", "b"));
  }

  @Test
  void retriesEndAfterTheRetryTimeoutWithTheLastReason() throws Exception {
    config.put("retry_timeout", "500");
    elasticsearch.requestStatus(request -> 503);
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .contains("has not taken a document for")
                      .contains("elasticsearch.retry_timeout is 500 ms")
                      .contains("status 503: scripted_exception")
                      .doesNotContain("CANARY"));
    }
  }

  @Test
  void aRefusedConnectionIsRetriedAndThenNamesTheHost() throws Exception {
    int closed = closedPort();
    config.put("hosts", "http://localhost:" + closed);
    config.put("retry_timeout", "300");
    try (Capture log = new Capture(ElasticsearchSink.class);
        var writer = writer()) {
      assertThat(log.messages())
          .anySatisfy(message -> assertThat(message).contains("No answer from", "" + closed));
      write(writer, Row.of("a", 1L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .startsWith("Elasticsearch at http://localhost:" + closed)
                      .contains("no answer"));
    }
  }

  @Test
  void aNullIdIsAnErrorThatNamesTheField() throws Exception {
    try (var writer = writer()) {
      assertThatThrownBy(() -> write(writer, Row.of(null, 1L)))
          .isInstanceOf(BadRecordException.class)
          .hasMessage(
              "a document for index 'flights' cannot be written: the id field 'id' is null or missing");
    }
    config.put("on_error", "skip");
    try (var writer = writer()) {
      write(writer, Row.of(null, 1L), Row.of("x".repeat(513), 2L), Row.of("", 3L));
      writer.flush(false);
      assertThat(writer.rejectedDocuments()).isEqualTo(3);
    }
    assertThat(elasticsearch.requests()).isEmpty();
  }

  @Test
  void documentsOfOneIdArriveInOrderWhateverIsInFlightOrRetried() throws Exception {
    config.put("max_batch_size", "2");
    config.put("max_in_flight", "4");
    AtomicInteger operations = new AtomicInteger();
    elasticsearch.itemStatus(operation -> operations.incrementAndGet() % 3 == 0 ? 429 : 201);
    elasticsearch.delayMillis(2);
    try (var writer = writer()) {
      for (long n = 0; n < 60; n++) {
        write(writer, Row.of("id" + n % 5, n));
      }
      writer.flush(true);
    }
    for (long id = 0; id < 5; id++) {
      assertThat(elasticsearch.documents())
          .containsEntry("id" + id, "{\"id\":\"id%d\",\"n\":%d}".formatted(id, 55 + id));
    }
  }

  @Test
  void batchesKeepToTheirLimitsOfNumberAndBytes() throws Exception {
    config.put("max_batch_size", "10");
    config.put("max_batch_bytes", "200");
    try (var writer = writer()) {
      for (long n = 0; n < 25; n++) {
        write(writer, Row.of("some-longer-id-" + n, n));
      }
      writer.flush(true);
      assertThatThrownBy(() -> write(writer, Row.of("x".repeat(180), 1L)))
          .hasMessageContaining("more than elasticsearch.max_batch_bytes (200)");
    }
    assertThat(elasticsearch.requests()).hasSizeGreaterThan(8);
    assertThat(elasticsearch.documents()).hasSize(25);
  }

  @Test
  void bufferedDocumentsSurviveInTheState() throws Exception {
    DocumentRequestSerializer serializer = new DocumentRequestSerializer();
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L), Row.of("b", 2L));
      byte[] state = serializer.serialize(writer.snapshotState(1).get(0));
      try (var restored = writer(List.of(serializer.deserialize(3, state)))) {
        restored.flush(false);
      }
      assertThat(elasticsearch.documents()).containsOnlyKeys("a", "b");
      assertThatThrownBy(() -> serializer.deserialize(4, state))
          .hasMessage(
              "the state of the Elasticsearch sink has version 4; this release reads versions 1 to 3");
    }
  }

  @Test
  void textThatIsNoSingleObjectIsRefusedAndLineFeedsCannotSmuggleOperations() throws Exception {
    config.put("on_error", "skip");
    ElasticsearchSink<String> sink =
        Serialized.copy((ElasticsearchSink<String>) ElasticsearchSinks.forJson(config));
    try (var writer = (ElasticsearchSinkWriter<String>) sink.createWriter(new OneMailbox())) {
      for (String json :
          List.of(
              "{\n \"id\": 7,\n \"deep\": {\"id\": 8}\n}",
              "{\"id\":\"a\"}\n{\"delete\":{\"_id\":\"7\"}}",
              "{\"id\":\"a\"",
              "[]",
              "",
              "{\"n\":1}",
              "{\"id\":{\"n\":1}}",
              "{\"id\":1.50}",
              "{\"id\":\"a\",\"id\":\"b\"}",
              "{\"id\":null}",
              "{\"id\":\"\"}")) {
        writer.write(json, null);
      }
      writer.flush(false);
      assertThat(writer.rejectedDocuments()).isEqualTo(10);
    }
    assertThat(elasticsearch.requests())
        .singleElement()
        .asList()
        .containsExactly(new Operation("index", "7", "{  \"id\": 7,  \"deep\": {\"id\": 8} }"));
  }

  private static int closedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
