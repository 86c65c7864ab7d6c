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
    reading.parts.haveBeenRead(List.of("b"));
    reading.pass(Duration.ofSeconds(9));
    assertThat(reading.told).isEmpty();
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).containsExactly(99L);
    reading.read("a", 200L);
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).containsExactly(99L, 199L);
  }

  @Test
  void aPartThatIsIdleStaysSoThoughStrategiesRepeatTheirWatermarks() {
    reading.add("a", "b");
    reading.read("b", 50L);
    reading.pass(Duration.ofSeconds(1));
    reading.parts.haveBeenRead(List.of("b"));
    for (long element = 100; element < 160; element++) {
      reading.read("a", element);
      reading.pass(Duration.ofSeconds(1));
    }
    assertThat(reading.told).endsWith(157L, 158L);
  }

  @Test
  void aPartWithMoreInItHoldsBackTheOthersAtOnceAndUntilItWasQuietAndReadAgain() {
    reading.add("a", "b");
    reading.parts.haveBeenRead(List.of("b"));
    reading.pass(IDLENESS);
    reading.parts.haveNotBeenRead(List.of("b"));
    reading.read("a", 100L);
    reading.pass(LONG);
    assertThat(reading.told).isEmpty();
    reading.parts.haveNotBeenRead(List.of("b"));
    reading.parts.haveBeenRead(List.of("b"));
    reading.pass(Duration.ofSeconds(9));
    assertThat(reading.told).isEmpty();
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).containsExactly(99L);
  }

  @Test
  void aReaderIsIdleOnceAllItsPartsAreAndActiveAsSoonAsOneHasMore() {
    reading.add("a", "b");
    reading.read("a", 100L);
    reading.parts.haveBeenRead(List.of("a", "b"));
    reading.pass(Duration.ofSeconds(12));
    assertThat(reading.told).containsExactly(99L, "IDLE");
    reading.parts.haveNotBeenRead(List.of("b"));
    assertThat(reading.told).containsExactly(99L, "IDLE", "ACTIVE");
    reading.parts.haveBeenRead(List.of("b"));
    reading.pass(Duration.ofSeconds(12));
    assertThat(reading.told).containsExactly(99L, "IDLE", "ACTIVE", "IDLE");
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
    reading.pass(Duration.ofSeconds(9));
    assertThat(reading.told).isEmpty();
    reading.pass(Duration.ofSeconds(1));
    assertThat(reading.told).containsExactly("IDLE");
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
    assertThat(reading.told).containsExactly(199L);
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
  void withoutIdlenessNoPartIsEverLeftOutNorAskedAbout() {
    ReadParts<Long> never = new ReadParts<>(strategy(null));
    never.add("a", "b");
    never.read("a", 100L);
    never.parts.haveBeenRead(List.of("b"));
    never.pass(LONG);
    assertThat(never.told).isEmpty();
    assertThat(never.parts.isQuiet("b")).isFalse();
  }
}
