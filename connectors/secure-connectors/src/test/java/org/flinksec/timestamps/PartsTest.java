// SPDX-License-Identifier: Apache-2.0
package org.flinksec.timestamps;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.junit.jupiter.api.Test;

class PartsTest {
  private static final Duration IDLENESS = Duration.ofSeconds(10);
  private static final Duration LONG = Duration.ofMinutes(10);

  private final ReadParts<Long> reading = new ReadParts<>(strategy(IDLENESS));

  private static WatermarkStrategy<Long> strategy(Duration idleness) {
    WatermarkStrategy<Long> without =
        WatermarkStrategy.<Long>forBoundedOutOfOrderness(Duration.ZERO)
            .withTimestampAssigner((element, before) -> element);
    return IdleOnceRead.of(idleness == null ? without : without.withIdleness(idleness));
  }

  @Test
  void aPartThatHasNotBeenReadHoldsBackTheOthersHoweverLongItBringsNothing() {
    reading.add("a", "b");
    reading.read("a", 100L);
    reading.pass(LONG);
    assertThat(reading.told).isEmpty();
    assertThat(reading.parts.isQuiet("b")).isTrue();
  }

  @Test
  void aPartThatHasBeenReadIsLeftOutWhenItHasBroughtNothingForSomeTime() {
    reading.add("a", "b");
    reading.read("a", 100L);
    reading.pass(Duration.ofSeconds(9));
    reading.parts.haveBeenRead(List.of("b"));
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).isEmpty();
    reading.parts.haveBeenRead(List.of("b"));
    assertThat(reading.told).containsExactly(99L);
    reading.read("a", 200L);
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).containsExactly(99L, 199L);
  }

  @Test
  void aPartThatIsIdleStaysSoThoughStrategiesRepeatTheirWatermarks() {
    reading.add("a", "b");
    reading.read("b", 50L);
    reading.pass(Duration.ofSeconds(11));
    reading.parts.haveBeenRead(List.of("b"));
    for (long element = 100; element < 160; element++) {
      reading.read("a", element);
      reading.pass(Duration.ofSeconds(1));
    }
    assertThat(reading.told).endsWith(157L, 158L);
  }

  @Test
  void whatIsConfirmedBesideARecordOrBeforeItDoesNotCount() {
    reading.add("a", "b");
    reading.pass(IDLENESS);
    reading.read("a", 100L);
    reading.pass(Duration.ofSeconds(1));
    reading.read("b", 10L);
    reading.parts.haveBeenRead(List.of("b"));
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).containsExactly(9L);
    reading.parts.haveBeenRead(List.of("b"));
    reading.pass(LONG);
    assertThat(reading.told).containsExactly(9L);
    reading.parts.haveBeenRead(List.of("b"));
    assertThat(reading.told).containsExactly(9L, 99L);
  }

  @Test
  void aPartThatBringsARecordAfterItWasIdleIsNotIdleUntilItIsConfirmedAgain() {
    reading.add("a", "b");
    reading.pass(IDLENESS);
    reading.parts.haveBeenRead(List.of("b"));
    reading.read("b", 10L);
    reading.read("a", 100L);
    reading.pass(LONG);
    assertThat(reading.told).containsExactly(9L);
  }

  @Test
  void aPartWithMoreInItHoldsBackTheOthersAtOnceAndNoLongerThanUntilThatWasRead() {
    reading.add("a", "b");
    reading.pass(IDLENESS);
    reading.parts.haveBeenRead(List.of("b"));
    reading.parts.haveMore(List.of("b"));
    assertThat(reading.parts.isQuiet("b")).isTrue();
    reading.read("a", 100L);
    reading.pass(LONG);
    assertThat(reading.told).isEmpty();
    reading.parts.haveMore(List.of("b"));
    reading.parts.haveBeenRead(List.of("b"));
    assertThat(reading.told).containsExactly(99L);
  }

  @Test
  void timeGoesOnThoughPartsHaveMoreAllTheTimeThatBringsNothing() {
    reading.add("a", "b", "c");
    reading.pass(IDLENESS);
    for (long element = 1; element <= 5; element++) {
      reading.read("a", element);
      reading.pass(Duration.ofSeconds(1));
      reading.parts.haveBeenRead(List.of("b", "c"));
      reading.parts.haveMore(List.of("b", "c"));
    }
    assertThat(reading.told).containsExactly(0L, 1L, 2L, 3L, 4L);
  }

  @Test
  void aPartThatNobodyCouldBeAskedAboutHoldsBackTheOthersUntilItWasQuietFromThenOnAndRead() {
    reading.add("a", "b");
    reading.pass(IDLENESS);
    reading.parts.haveBeenRead(List.of("b"));
    reading.parts.areUnknown(List.of("b"));
    reading.read("a", 100L);
    reading.pass(Duration.ofSeconds(9));
    assertThat(reading.parts.isQuiet("b")).isFalse();
    reading.parts.haveBeenRead(List.of("b"));
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.parts.isQuiet("b")).isTrue();
    assertThat(reading.told).isEmpty();
    reading.parts.haveBeenRead(List.of("b"));
    assertThat(reading.told).containsExactly(99L);
  }

  @Test
  void aReaderIsIdleOnceAllItsPartsAreAndActiveAsSoonAsOneHasMore() {
    reading.add("a", "b");
    reading.read("a", 100L);
    reading.pass(Duration.ofSeconds(12));
    reading.parts.haveBeenRead(List.of("a", "b"));
    assertThat(reading.told).containsExactly(99L, "IDLE");
    reading.parts.haveMore(List.of("b"));
    assertThat(reading.told).containsExactly(99L, "IDLE", "ACTIVE");
    reading.parts.haveBeenRead(List.of("b"));
    assertThat(reading.told).containsExactly(99L, "IDLE", "ACTIVE", "IDLE");
    reading.pass(LONG);
    assertThat(reading.told).containsExactly(99L, "IDLE", "ACTIVE", "IDLE");
    reading.parts.areUnknown(List.of("b"));
    assertThat(reading.told).containsExactly(99L, "IDLE", "ACTIVE", "IDLE", "ACTIVE");
  }

  @Test
  void partsThatAreAddedTakePartAtOnceAndNotOnlyWhenSomethingIsReadAgain() {
    reading.add("a");
    reading.assign("b");
    reading.pass(IDLENESS);
    assertThat(reading.parts.isQuiet("b")).isTrue();
    reading.parts.haveBeenRead(List.of("a", "b"));
    assertThat(reading.told).containsExactly("IDLE");
    reading.assign("c");
    assertThat(reading.told).containsExactly("IDLE", "ACTIVE");
  }

  @Test
  void aReaderWithoutPartsIsIdleAfterSomeTimeAndOneWithAPartIsNot() {
    reading.pass(Duration.ofSeconds(9));
    assertThat(reading.told).isEmpty();
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).containsExactly("IDLE");
    reading.add("a");
    reading.pass(LONG);
    assertThat(reading.told).containsExactly("IDLE", "ACTIVE");
  }

  @Test
  void aReaderThatMayBeAboutToGetPartsIsNotIdleHoweverLongThatTakes() {
    reading.parts.awaitAssignment();
    reading.pass(LONG);
    assertThat(reading.told).isEmpty();
    reading.parts.allAreAssigned();
    reading.pass(Duration.ZERO);
    assertThat(reading.told).containsExactly("IDLE");
  }

  @Test
  void aReaderThatIsToldThatItGetsNoPartsIsIdleAtOnceAndUntilItGetsOne() {
    reading.parts.awaitAssignment();
    reading.pass(Duration.ofSeconds(1));
    reading.parts.allAreAssigned();
    reading.pass(Duration.ZERO);
    assertThat(reading.told).containsExactly("IDLE");
    reading.add("a");
    reading.pass(LONG);
    assertThat(reading.told).containsExactly("IDLE", "ACTIVE");
  }

  @Test
  void aReaderWhoseLastPartHasEndedHoldsBackTheOthersNoLongerThanForSomeTime() {
    reading.add("a");
    reading.read("a", 100L);
    reading.pass(LONG);
    assertThat(reading.told).containsExactly(99L);
    reading.poll().releaseOutputForSplit("a");
    reading.pass(Duration.ofSeconds(9));
    assertThat(reading.told).containsExactly(99L);
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).containsExactly(99L, "IDLE");
  }

  @Test
  void aReaderIsNotIdleBetweenTwoPartsHoweverShortTheFirstIs() {
    reading.add("a");
    reading.read("a", 100L);
    reading.poll().releaseOutputForSplit("a");
    reading.add("b");
    reading.read("b", 200L);
    reading.pass(LONG);
    assertThat(reading.told).containsExactly(99L, 199L);
  }

  @Test
  void onlyPartsThatBringNothingForSomeTimeAreAskedAbout() {
    AtomicInteger asked = new AtomicInteger();
    reading.parts.whenQuiet(asked::incrementAndGet);
    reading.add("a");
    for (long element = 0; element < 60; element++) {
      reading.read("a", element);
      reading.pass(Duration.ofSeconds(1));
    }
    assertThat(asked).hasValue(0);
    reading.pass(IDLENESS);
    assertThat(asked.get()).isPositive();
  }

  @Test
  void aPartThatNobodyCouldBeAskedAboutIsAskedAboutBeforeItIsQuietAgain() {
    reading.add("a");
    reading.pass(IDLENESS);
    AtomicInteger asked = new AtomicInteger();
    reading.parts.whenQuiet(asked::incrementAndGet);
    reading.parts.areUnknown(List.of("a"));
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.parts.isQuiet("a")).isFalse();
    assertThat(asked.get()).isPositive();
  }

  @Test
  void withoutIdlenessNoPartIsEverLeftOutNorAskedAbout() {
    ReadParts<Long> never = new ReadParts<>(strategy(null));
    never.add("a", "b");
    never.read("a", 100L);
    never.pass(LONG);
    never.parts.haveBeenRead(List.of("b"));
    never.pass(LONG);
    assertThat(never.told).isEmpty();
    assertThat(never.parts.isQuiet("b")).isFalse();
  }

  @Test
  void ofABoundedInputNoPartIsIdleBeforeItsEnd() {
    AtomicInteger questions = new AtomicInteger();
    reading.parts.whenQuiet(questions::incrementAndGet);
    reading.parts.areBounded();
    reading.add("a", "b");
    reading.read("a", 100L);
    reading.pass(LONG);
    reading.parts.haveBeenRead(List.of("a", "b"));
    reading.pass(LONG);
    assertThat(reading.told).isEmpty();
    assertThat(questions).hasValue(0);
    reading.read("b", 10L);
    reading.pass(Duration.ofSeconds(1));
    reading.poll().releaseOutputForSplit("b");
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).containsExactly(9L, 99L);
  }

  @Test
  void ofABoundedInputNoReaderIsIdleBeforeItIsToldThatNothingComes() {
    reading.parts.areBounded();
    reading.pass(LONG);
    reading.parts.allAreAssigned();
    reading.pass(LONG);
    reading.add("a");
    reading.poll().releaseOutputForSplit("a");
    reading.pass(LONG);
    assertThat(reading.told).doesNotContain("IDLE");
  }

  @Test
  void aPartThatEndsMakesNoReaderIdleOfWhichWatermarksAreMadeBehindTheSource() {
    ReadParts<Long> without = new ReadParts<>(IdleOnceRead.of(WatermarkStrategy.noWatermarks()));
    without.add("a");
    without.read("a", 100L);
    without.poll().releaseOutputForSplit("a");
    without.add("b");
    without.pass(LONG);
    assertThat(without.told).isEmpty();
  }

  @Test
  void timeGoesOnWithPartsThatAreReadFasterThanWatermarksAreEmitted() {
    reading.add("a");
    reading.read("a", 100L);
    reading.poll().releaseOutputForSplit("a");
    reading.add("b", "c");
    reading.read("b", 300L);
    reading.read("c", 200L);
    reading.poll().releaseOutputForSplit("b");
    reading.poll().releaseOutputForSplit("c");
    assertThat(reading.told.stream().filter(Long.class::isInstance)).containsExactly(99L, 199L);
  }
}
