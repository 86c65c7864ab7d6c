// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.types.Row;
import org.flinksec.Capture;
import org.flinksec.elasticsearch.FakeElasticsearch.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a running writer does while the server does not take what it sends. */
@Timeout(300)
class OutageTest extends SinkAgainstAFake {
  private static Answer blocked(String by) {
    return new Answer(403, "cluster_block_exception", "index [flights] blocked by: [" + by + "];");
  }

  @Test
  void aFullWriterLetsADocumentInFromTimeToTimeSoThatACheckpointBehindItBegins() throws Exception {
    config.put("max_batch_size", "2");
    config.put("max_in_flight", "1");
    config.put("max_buffered", "3");
    AtomicBoolean down = new AtomicBoolean(true);
    elasticsearch.requestStatus(request -> down.get() ? 503 : 200);
    try (var writer = writer()) {
      long begun = System.nanoTime();
      for (long n = 0; n < 7; n++) {
        write(writer, Row.of("id" + n, n));
      }
      writer.flush(false);
      assertThat(writer.snapshotState(1).get(0).getBufferedRequestEntries()).hasSize(7);
      assertThat(System.nanoTime() - begun).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(2 * 200));
      CompletableFuture<Void> more =
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (long n = 7; n < 20; n++) {
                    write(writer, Row.of("id" + n, n));
                  }
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      Thread.sleep(1500);
      assertThat(more).as("twice as many as may wait").isNotDone();
      down.set(false);
      more.get(300, TimeUnit.SECONDS);
      writer.flush(true);
    }
    assertThat(elasticsearch.documents()).hasSize(20);
  }

  @Test
  void credentialsThatAreRotatedWhileTheJobRunsMayComeLate() throws Exception {
    config.put("max_retry_backoff", "200");
    try (Capture log = new Capture(ElasticsearchSinkWriter.class);
        var writer = writer()) {
      elasticsearch.demand("Basic other");
      write(writer, Row.of("a", 1L));
      writer.flush(false);
      assertThat(log.messages())
          .singleElement()
          .asString()
          .contains("refuses the credentials (status 401)");
      elasticsearch.demand(null);
      writer.flush(true);
    }
    assertThat(elasticsearch.documents()).containsOnlyKeys("a");
  }

  @Test
  void credentialsThatStayWrongFailTheJobWhichNamesThem() throws Exception {
    config.put("retry_timeout", "300");
    try (var writer = writer()) {
      elasticsearch.demand("Basic other");
      write(writer, Row.of("a", 1L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .contains("elasticsearch.retry_timeout is 300 ms")
                      .contains("refuses the credentials (status 401)"));
    }
    assertThat(elasticsearch.requests()).isEmpty();
  }

  @Test
  void credentialsThatNeverWereRightFailTheJobAtOnce() throws Exception {
    elasticsearch.rootStatus(503); // so that nothing is known at start
    try (var writer = writer()) {
      elasticsearch.demand("Basic other");
      write(writer, Row.of("a", 1L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .contains("refuses the credentials (status 401)")
                      .doesNotContain("retry_timeout"));
    }
  }

  @Test
  void aFullDiskIsWaitedForWhateverItsStatusAndAnAdministratorsBlockFailsTheJob() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    elasticsearch.items(
        operation ->
            asked.getAndIncrement() < 2
                ? blocked("FORBIDDEN/12/index read-only / allow delete (api)")
                : Answer.of(201));
    try (Capture log = new Capture(ElasticsearchSinkWriter.class);
        var writer = writer()) {
      write(writer, Row.of("a", 1L));
      writer.flush(true);
      assertThat(log.messages())
          .singleElement()
          .asString()
          .contains("cluster_block_exception", "read-only / allow delete");
    }
    assertThat(elasticsearch.documents()).containsOnlyKeys("a");
    elasticsearch.items(operation -> blocked("FORBIDDEN/8/index write (api)"));
    try (var writer = writer()) {
      write(writer, Row.of("b", 1L));
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(e -> assertThat(sinkFailure(e)).contains("FORBIDDEN/8/index write (api)"));
    }
  }

  @Test
  void anotherCauseIsToldAtOnceAndTheSameOneOnce() throws Exception {
    elasticsearch.requestStatus(
        request -> request <= 3 ? 503 : request <= 5 ? 429 : request <= 6 ? 503 : 200);
    try (Capture log = new Capture(ElasticsearchSinkWriter.class);
        var writer = writer()) {
      write(writer, Row.of("a", 1L));
      writer.flush(true);
      assertThat(log.messages()).hasSize(2);
      assertThat(log.messages().get(0)).contains("status 503");
      assertThat(log.messages().get(1)).contains("status 429");
    }
  }

  @Test
  void anIndexThatIsNotReadyYetWhenTheJobStartsIsAnOutageAndNoSetting() throws Exception {
    elasticsearch.contactStatus(503);
    try (Capture log = new Capture(ElasticsearchSink.class);
        var writer = writer()) {
      assertThat(log.messages().get(1)).contains("No answer from", "(status 503)");
      write(writer, Row.of("a", 1L));
      writer.flush(true);
    }
    assertThat(elasticsearch.documents()).containsOnlyKeys("a");
  }
}
