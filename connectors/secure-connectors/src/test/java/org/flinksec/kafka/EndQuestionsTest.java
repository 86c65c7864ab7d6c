// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.WakeupException;
import org.apache.flink.util.clock.ManualClock;
import org.junit.jupiter.api.Test;

class EndQuestionsTest {
  private static final TopicPartition A = new TopicPartition("a", 0);
  private static final TopicPartition B = new TopicPartition("b", 0);
  private static final TopicPartition C = new TopicPartition("c", 0);
  private static final List<TopicPartition> ALL = List.of(A, B, C);

  private final ManualClock clock = new ManualClock();
  private final Brokers brokers = new Brokers(clock, "a", "b", "c");
  private final EndQuestions questions = new EndQuestions(brokers, clock::relativeTimeNanos);

  private Map<TopicPartition, Long> askAfter(Duration time) {
    clock.advanceTime(time);
    return questions.ask(ALL);
  }

  private Map<TopicPartition, Long> ask() {
    return askAfter(Duration.ofSeconds(1));
  }

  private void askFor(int seconds) {
    for (int second = 0; second < seconds; second++) {
      ask();
    }
  }

  @Test
  void allAreAskedAboutTogetherWhileAllAreTold() {
    assertThat(ask()).isEqualTo(Map.of(A, 7L, B, 7L, C, 7L));
    assertThat(brokers.asked).containsExactly(Set.of("a", "b", "c"));
  }

  @Test
  void aTopicThatIsNotToldKeepsNoOthersWaiting() {
    brokers.away.add("b");
    assertThat(ask()).isEqualTo(Map.of(A, 7L));
    ask(); // of the others, too, the first answer after a failure does not count
    for (int second = 0; second < 100; second++) {
      assertThat(ask()).isEqualTo(Map.of(A, 7L, C, 7L));
    }
  }

  @Test
  void aTopicThatIsNotToldHoldsUpReadingForASecondAMinute() {
    brokers.away.add("b");
    askFor(120);
    brokers.failed = 0;
    askFor(600);
    assertThat(brokers.failed).isBetween(5, 10);
  }

  @Test
  void allTopicsThatAreNotToldHoldUpReadingForNoLongerThanOneOfThem() {
    brokers.away.addAll(Set.of("a", "b", "c"));
    askFor(120);
    brokers.failed = 0;
    for (int second = 0; second < 600; second++) {
      assertThat(ask()).isEmpty();
    }
    assertThat(brokers.failed).isBetween(5, 10);
    brokers.away.clear();
    assertThat(askAfter(Duration.ofMinutes(1))).isEmpty();
    assertThat(ask()).isEqualTo(Map.of(A, 7L, B, 7L, C, 7L));
  }

  @Test
  void theFirstAnswerAfterAFailureDoesNotCountYet() {
    brokers.away.add("b");
    ask();
    ask();
    brokers.away.clear();
    assertThat(askAfter(Duration.ofMinutes(1))).isEqualTo(Map.of(A, 7L, C, 7L));
    assertThat(ask()).isEqualTo(Map.of(A, 7L, B, 7L, C, 7L));
  }

  @Test
  void aTopicThatIsListedNoMoreIsGoneWhenThatIsSoAgainSecondsLater() {
    brokers.listed.remove("b");
    for (int second = 0; second < 5; second++) {
      assertThat(ask()).doesNotContainKey(B);
    }
    askFor(5);
    int failed = brokers.failed;
    for (int second = 0; second < 600; second++) {
      assertThat(ask()).isEqualTo(Map.of(A, 7L, B, EndQuestions.GONE, C, 7L));
    }
    assertThat(brokers.failed).isEqualTo(failed);
  }

  @Test
  void aPartitionThatItsTopicHasNoMoreIsGoneAndTheOthersAreAskedAboutWithoutIt() {
    TopicPartition other = new TopicPartition("b", 1);
    List<TopicPartition> all = List.of(A, B, other, C);
    brokers.missing.add(other);
    for (int second = 0; second < 20; second++) {
      clock.advanceTime(Duration.ofSeconds(1));
      questions.ask(all);
    }
    int failed = brokers.failed;
    for (int second = 0; second < 600; second++) {
      clock.advanceTime(Duration.ofSeconds(1));
      assertThat(questions.ask(all))
          .isEqualTo(Map.of(A, 7L, B, 7L, other, EndQuestions.GONE, C, 7L));
    }
    assertThat(brokers.failed).isEqualTo(failed);
    brokers.missing.clear();
    clock.advanceTime(Duration.ofMinutes(1));
    assertThat(questions.ask(all)).isEqualTo(Map.of(A, 7L, B, 7L, C, 7L));
    clock.advanceTime(Duration.ofSeconds(1));
    assertThat(questions.ask(all)).isEqualTo(Map.of(A, 7L, B, 7L, other, 7L, C, 7L));
  }

  @Test
  void aTopicThatIsListedAgainIsAskedAboutAgain() {
    brokers.listed.remove("b");
    askFor(4);
    brokers.listed.add("b");
    assertThat(askAfter(Duration.ofSeconds(5))).doesNotContainKey(B);
    assertThat(ask()).containsEntry(B, 7L);
    brokers.listed.remove("b");
    askFor(20);
    assertThat(ask()).containsEntry(B, EndQuestions.GONE);
    brokers.listed.add("b");
    assertThat(askAfter(Duration.ofMinutes(1))).doesNotContainKey(B);
    assertThat(ask()).containsEntry(B, 7L);
  }

  @Test
  void whatIsGoneIsLookedForOnceAMinuteThoughATopicThatFailedIsNotAskedAboutNow() {
    brokers.away.add("b");
    askFor(3);
    brokers.listed.remove("a");
    askFor(60);
    brokers.lists = 0;
    for (int second = 0; second < 600; second++) {
      clock.advanceTime(Duration.ofSeconds(1));
      questions.ask(List.of(A, C));
    }
    assertThat(brokers.lists).isBetween(5, 20);
  }

  @Test
  void manyTopicsThatAreSlowToAnswerHoldUpReadingForSomeSecondsAtOnce() {
    List<TopicPartition> many =
        IntStream.range(0, 50).mapToObj(one -> new TopicPartition("t" + one, 0)).toList();
    many.forEach(one -> brokers.listed.add(one.topic()));
    brokers.answersAfter = Duration.ofMillis(900);
    for (int second = 0; second < 100; second++) {
      long before = clock.relativeTimeNanos();
      questions.ask(many);
      assertThat(Duration.ofNanos(clock.relativeTimeNanos() - before))
          .isLessThanOrEqualTo(Duration.ofSeconds(3));
    }
  }

  @Test
  void whoIsWokenDoesNotLookForWhatIsAbsentTheSecondTimeAtOnce() {
    List<TopicPartition> both = List.of(A, B);
    brokers.away.add("b");
    brokers.listed.remove("a");
    questions.ask(both);
    questions.ask(both);
    brokers.wakes = true;
    clock.advanceTime(Duration.ofMinutes(1));
    assertThatThrownBy(() -> questions.ask(both)).isInstanceOf(WakeupException.class);
    brokers.wakes = false;
    clock.advanceTime(Duration.ofSeconds(1));
    assertThat(questions.ask(both)).isEmpty();
    clock.advanceTime(Duration.ofSeconds(5));
    assertThat(questions.ask(both)).isEqualTo(Map.of(A, EndQuestions.GONE));
  }

  @Test
  void whoIsWokenAsksAgainAndForgetsNoFailure() {
    brokers.away.add("b");
    askFor(3);
    brokers.wakes = true;
    assertThatThrownBy(() -> askAfter(Duration.ofMinutes(1))).isInstanceOf(WakeupException.class);
    brokers.wakes = false;
    brokers.away.clear();
    assertThat(ask()).doesNotContainKey(B);
    assertThat(ask()).containsEntry(B, 7L);
  }
}
