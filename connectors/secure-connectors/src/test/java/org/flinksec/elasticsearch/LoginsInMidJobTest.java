// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.apache.flink.types.Row;
import org.flinksec.Capture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who the job is changes while it runs: in the file and on the server, in either order. */
@Timeout(300)
class LoginsInMidJobTest extends SinkAgainstAFake {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void logIn() throws Exception {
    file = directory.resolve("password");
    Files.writeString(file, "old");
    config.put("username", "flink");
    config.put("password", file.toString());
    config.put("retry_backoff", "1");
    config.put("max_retry_backoff", "100");
    elasticsearch.demand(basic("old"));
  }

  private static String basic(String password) {
    byte[] plain = ("flink:" + password).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(plain);
  }

  @Test
  void aPasswordThatIsReplacedOnTheServerFirstIsUsedAsSoonAsTheFileHasIt() throws Exception {
    try (Capture log = new Capture(ElasticsearchSinkWriter.class);
        var writer = writer()) {
      elasticsearch.demand(basic("new"));
      write(writer, Row.of("a", 1L));
      writer.flush(false);
      assertThat(writer.snapshotState(1).get(0).getBufferedRequestEntries()).hasSize(1);
      Files.writeString(file, "new");
      writer.flush(true);
      assertThat(log.messages())
          .singleElement()
          .asString()
          .contains("refuses the credentials (status 401): elasticsearch.username")
          .doesNotContain("old", "new");
    }
    assertThat(elasticsearch.documents()).containsOnlyKeys("a");
  }

  @Test
  void aFileThatIsNotThereWhileItIsReplacedIsWaitedFor() throws Exception {
    try (var writer = writer()) {
      Files.delete(file);
      write(writer, Row.of("a", 1L));
      writer.flush(false);
      Files.writeString(file, "old");
      writer.flush(true);
    }
    assertThat(elasticsearch.documents()).containsOnlyKeys("a");
  }

  @Test
  void credentialsThatStayRefusedAreToldByNameAfterTheTimeOfRetriesAndFewAttempts()
      throws Exception {
    config.put("retry_timeout", "1000");
    config.put("max_batch_size", "1");
    try (var writer = writer()) {
      elasticsearch.demand(basic("other"));
      for (long n = 0; n < 50; n++) {
        write(writer, Row.of("id" + n, n));
        if (n == 5) {
          break; // Four of them are in flight.
        }
      }
      assertThatThrownBy(() -> writer.flush(true))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .contains("elasticsearch.retry_timeout is 1000 ms")
                      .contains("refuses the credentials (status 401): elasticsearch.username"));
    }
    // 50 to 100 ms each, one at a time after the first four.
    assertThat(elasticsearch.refusedLogins()).isBetween(5, 4 + 22);
  }

  @Test
  void aRightThatIsTakenAwayFailsTheJobAtOnceByName() throws Exception {
    elasticsearch.requestStatus(request -> 403);
    try (var writer = writer()) {
      write(writer, Row.of("a", 1L));
      assertThatThrownBy(() -> writer.flush(false))
          .satisfies(
              e ->
                  assertThat(sinkFailure(e))
                      .contains("does not allow this on index 'flights' (status 403)")
                      .contains("the sink needs to index"));
    }
    assertThat(elasticsearch.requests()).hasSize(1);
  }
}
