// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;

class LetterTest {
  private static final Original RECORD =
      new Original(
          "orders",
          3,
          17,
          1_700_000_000_000L,
          new byte[] {0, -1},
          null,
          List.of(
              new Original.Header("h", new byte[] {1}),
              new Original.Header("h", null),
              new Original.Header(LetterHeaders.LETTER, new byte[0])));

  @Test
  void aLetterComesOutOfItsBytesAsItWasWithEveryNull() {
    Letter undecodable =
        Letter.undecodable(RECORD, LetterTest.class, new UndecodableException("no document"));
    assertThat(Letter.of(undecodable.toBytes())).usingRecursiveComparison().isEqualTo(undecodable);
    Letter failed =
        new Letter(Stage.FUNCTION, null, bytes("{}"), -1, "m.f", "ValueError", "why", "t", null);
    assertThat(Letter.of(failed.toBytes())).usingRecursiveComparison().isEqualTo(failed);
  }

  @Test
  void theRecordsOwnHeadersComeFirstAndThenConnectsInItsOrder() {
    Letter letter =
        Letter.undecodable(RECORD, LetterTest.class, new UndecodableException("no document"));
    List<Original.Header> headers = LetterHeaders.of(letter, "job", 2);
    assertThat(headers.subList(0, 3)).isEqualTo(RECORD.headers());
    // The names of DeadLetterQueueReporter of Kafka Connect, and what it puts into them.
    assertThat(headers.subList(3, headers.size()))
        .extracting(Original.Header::name, header -> text(header.value()))
        .containsExactly(
            pair("__flinksec.letter", "1"),
            pair("__flinksec.holds", "record"),
            pair("__connect.errors.topic", "orders"),
            pair("__connect.errors.partition", "3"),
            pair("__connect.errors.offset", "17"),
            pair("__connect.errors.connector.name", "job"),
            pair("__connect.errors.task.id", "2"),
            pair("__connect.errors.stage", "VALUE_CONVERTER"),
            pair("__connect.errors.class.name", LetterTest.class.getName()),
            pair("__connect.errors.exception.class.name", UndecodableException.class.getName()),
            pair("__connect.errors.exception.message", "no document"));
  }

  @Test
  void anElementIsSaidToBeOneAndHasNoOrigin() {
    Letter failed =
        new Letter(Stage.FUNCTION, null, bytes("{}"), 5, "m.f", "ValueError", "why", "t", null);
    assertThat(LetterHeaders.of(failed, "job", 0))
        .extracting(Original.Header::name)
        .contains("__connect.errors.exception.stacktrace")
        .doesNotContain("__connect.errors.topic", "__flinksec.target");
    assertThat(failed.badRecord().message())
        .isEqualTo("an element of the function m.f cannot be processed: why");
  }

  @Test
  void aQuotaEndsTheJobForGoodAndBeginsAnewWithItsTime() throws Exception {
    AtomicLong clock = new AtomicLong();
    DeadLetterQuota quota = new DeadLetterQuota(2, Duration.ofSeconds(1), clock::get);
    Letter letter =
        Letter.undecodable(RECORD, LetterTest.class, new UndecodableException("no document"));
    quota.take(letter);
    quota.take(letter);
    assertThatThrownBy(() -> quota.take(letter))
        .hasMessage(
            "2 dead letters in 1 s are as many as the job may have (job.max_dead_letters,"
                + " job.dead_letter_window). The next one: the Kafka record at topic orders,"
                + " partition 3, offset 17 cannot be decoded: no document")
        .satisfies(
            error ->
                assertThat(
                        ThrowableClassifier.findThrowableOfThrowableType(
                            new RuntimeException(error), ThrowableType.NonRecoverableError))
                    .isPresent());
    clock.addAndGet(1000);
    quota.take(letter);
    assertThat(DeadLetterQuota.ofJob("a", 1, Duration.ofSeconds(1)))
        .isSameAs(DeadLetterQuota.ofJob("a", 1, Duration.ofSeconds(1)))
        .isNotSameAs(DeadLetterQuota.ofJob("b", 1, Duration.ofSeconds(1)));
  }

  @Test
  void instancesOfAJobShareItsQuotaAndARestartDoesNotBeginItAnew() throws Exception {
    LetterPolicy policy = new LetterPolicy("job", "dead", 5, Duration.ofHours(1).toMillis());
    Letter letter =
        Letter.undecodable(RECORD, LetterTest.class, new UndecodableException("no document"));
    LetterBox one = new LetterBox(policy, new OfJob("id of a job"), 0);
    LetterBox two = new LetterBox(policy, new OfJob("id of a job"), 1);
    for (LetterBox box : List.of(one, two, one, two)) {
      box.take(letter);
    }
    LetterBox restarted = new LetterBox(policy, new OfJob("id of a job"), 0);
    restarted.take(letter);
    assertThatThrownBy(() -> restarted.take(letter))
        .isInstanceOf(DeadLetterException.class)
        .hasMessageContaining("5 dead letters in 3600 s");
    LetterBox again = new LetterBox(policy, new OfJob("id of a job"), 1);
    assertThatThrownBy(() -> again.take(letter)).isInstanceOf(DeadLetterException.class);
    new LetterBox(policy, new OfJob("id of another job"), 0).take(letter);
  }

  /** Metrics as an operator of a job has them. */
  private static final class OfJob extends UnregisteredMetricsGroup {
    private final String id;

    OfJob(String id) {
      this.id = id;
    }

    @Override
    public Map<String, String> getAllVariables() {
      return Map.of("<job_id>", id);
    }
  }

  @Test
  void anyElementIsJsonInAscii() {
    Row inner = Row.of(Double.NaN, new byte[] {1});
    Row row = Row.of("cut \ud83d\n\"", 5L, null, true, new Object[] {inner}, Map.of("ä", 1.5));
    String json =
        text(
            ElementJson.of(
                row,
                Types.ROW_NAMED(
                    new String[] {"s", "n", "z", "b", "l", "m"},
                    Types.STRING,
                    Types.LONG,
                    Types.LONG,
                    Types.BOOLEAN,
                    Types.OBJECT_ARRAY(Types.ROW(Types.DOUBLE, Types.STRING)),
                    Types.MAP(Types.STRING, Types.DOUBLE))));
    assertThat(json)
        .isEqualTo(
            "{\"s\":\"cut \\ud83d\\u000a\\\"\",\"n\":5,\"z\":null,\"b\":true,"
                + "\"l\":[{\"f0\":\"NaN\",\"f1\":\"AQ==\"}],\"m\":{\"\\u00e4\":1.5}}");
    assertThat(text(ElementJson.of("a", null))).isEqualTo("{\"value\":\"a\"}");
  }

  private static org.assertj.core.groups.Tuple pair(String name, String value) {
    return org.assertj.core.groups.Tuple.tuple(name, value);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
