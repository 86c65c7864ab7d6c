// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;
import org.apache.flink.util.clock.ManualClock;
import org.flinksec.timestamps.IdleOnceRead;
import org.flinksec.timestamps.ReadParts;
import org.junit.jupiter.api.Test;

/** What is found is told to the watermarks here, which say who is asked about the next time. */
class ConfirmationsTest {
  private static final int MINUTE = 60;
  private static final int HOUR = 60 * MINUTE;
  private static final String BUSY = "busy-0";

  private final ManualClock clock = new ManualClock();
  private Brokers brokers;
  private ReadParts<Long> reading;
  private Confirmations confirmations;
  private long now;

  /** Partitions that are silent and have been read, and one that brings a record each second. */
  private void read(int idleness, Collection<String> topics) {
    reading =
        new ReadParts<>(
            IdleOnceRead.of(
                WatermarkStrategy.<Long>forBoundedOutOfOrderness(Duration.ZERO)
                    .withIdleness(Duration.ofSeconds(idleness))
                    .withTimestampAssigner((element, before) -> element)));
    brokers = new Brokers(clock, topics.toArray(new String[0]));
    brokers.assign(topics.stream().map(ConfirmationsTest::partition).toList());
    List<String> ids = new ArrayList<>(List.of(BUSY));
    for (TopicPartition one : brokers.assignment()) {
      brokers.seek(one, 7);
      ids.add(KafkaPartitionSplit.toSplitId(one));
    }
    reading.add(ids.toArray(new String[0]));
    confirmations =
        new Confirmations(brokers, one -> false, reading.parts, clock::relativeTimeNanos);
    assertThat(heldWithin(2 * idleness)).isBetween(idleness - 2, idleness + 2);
    assertThat(isHeld()).isFalse();
  }

  private static TopicPartition partition(String topic) {
    return new TopicPartition(topic, 0);
  }

  private boolean isHeld() {
    return !reading.told.contains(now - 1);
  }

  /** Returns for how many of these seconds event time does not follow the busy partition. */
  private int heldWithin(int seconds) {
    int held = 0;
    for (int second = 0; second < seconds; second++) {
      clock.advanceTime(Duration.ofSeconds(1));
      reading.read(BUSY, ++now);
      reading.pass(Duration.ofSeconds(1));
      RecordsAndFindings<Long> found =
          new RecordsAndFindings<>(
              new RecordsBySplits.Builder<Long>().build(), reading.parts, confirmations.find());
      found.nextSplit();
      found.recycle();
      held += isHeld() ? 1 : 0;
    }
    return held;
  }

  private static List<String> topics(int count) {
    return IntStream.range(0, count).mapToObj(one -> "t" + one).toList();
  }

  @Test
  void forAnAnswerThatIsMissedIdlenessCountsAnewOnce() {
    read(MINUTE, List.of("t"));
    brokers.away.add("t");
    heldWithin(1);
    brokers.away.clear();
    assertThat(heldWithin(10 * MINUTE)).isBetween(MINUTE, MINUTE + 5);
    assertThat(isHeld()).isFalse();
  }

  @Test
  void afterAnAnswerWasMissedOfManyTopicsIdlenessCountsAnewOnce() {
    read(MINUTE, topics(10));
    brokers.away.addAll(topics(10));
    heldWithin(2);
    brokers.away.clear();
    assertThat(heldWithin(10 * MINUTE)).isBetween(MINUTE, MINUTE + 10);
    assertThat(isHeld()).isFalse();
  }

  @Test
  void topicsThatAreDeletedTogetherAreFoundOutTogetherHoweverLongIdlenessIs() {
    read(HOUR, topics(11));
    brokers.listed.retainAll(List.of("t0"));
    assertThat(heldWithin(2 * HOUR)).isBetween(HOUR, HOUR + 2 * MINUTE);
    assertThat(isHeld()).isFalse();
  }

  @Test
  void afterAStandstillEventTimeGoesOnAMinuteAfterIdlenessAndNotWithinIt() {
    read(MINUTE, topics(3));
    brokers.away.addAll(topics(3));
    heldWithin(1);
    assertThat(heldWithin(20 * MINUTE)).isEqualTo(20 * MINUTE);
    brokers.away.clear();
    assertThat(heldWithin(MINUTE - 1)).isEqualTo(MINUTE - 1);
    assertThat(heldWithin(10 * MINUTE)).isLessThanOrEqualTo(MINUTE + 5);
    assertThat(isHeld()).isFalse();
  }

  @Test
  void whatHasComeMeanwhileIsReadBeforeItsPartitionIsIdle() {
    read(MINUTE, List.of("t"));
    brokers.away.add("t");
    heldWithin(1);
    brokers.away.clear();
    brokers.seek(partition("t"), 6);
    assertThat(heldWithin(10 * MINUTE)).isEqualTo(10 * MINUTE);
    brokers.seek(partition("t"), 7);
    assertThat(heldWithin(2)).isLessThanOrEqualTo(1);
  }

  @Test
  void whatIsAnsweredForIsAskedAboutAgainOnlyWhenItIsQuiet() {
    read(MINUTE, List.of("t"));
    brokers.away.add("t");
    heldWithin(1);
    brokers.away.clear();
    heldWithin(5);
    int asked = brokers.asked.size();
    heldWithin(MINUTE - 10);
    assertThat(brokers.asked).hasSize(asked);
    assertThat(brokers.failed).isEqualTo(1);
    assertThat(confirmations.find().unknown()).isEmpty();
  }
}
