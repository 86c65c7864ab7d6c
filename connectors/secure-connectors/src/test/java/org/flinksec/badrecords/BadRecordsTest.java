// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.flink.metrics.SimpleCounter;
import org.flinksec.Capture;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class BadRecordsTest {
  private static final BadRecord BAD =
      new BadRecord(Stage.DECODE, new Origin.Kafka("t", 3, 17), "the document is empty");

  @Test
  void aBadRecordIsToldByItsOriginStageAndReasonAndNotByItsId() {
    assertThat(BAD.message())
        .isEqualTo(
            "the Kafka record at topic t, partition 3, offset 17 cannot be decoded: the document is"
                + " empty");
    assertThat(new BadRecord(Stage.REFUSED, new Origin.Document("i", "CANARY"), "why").message())
        .isEqualTo("a document for index 'i' is refused: why");
  }

  @Test
  void failStopsAtTheFirstAndSkipCountsEach() throws Exception {
    SimpleCounter counter = new SimpleCounter();
    assertThatThrownBy(() -> made(OnBadRecord.FAIL, counter).met(BAD, new SkipBrake(5)))
        .isInstanceOf(BadRecordException.class)
        .hasMessage(BAD.message());
    assertThat(counter.getCount()).isZero();
    try (Capture log = new Capture(BadRecordsTest.class)) {
      made(OnBadRecord.SKIP, counter).met(BAD, new SkipBrake(5));
      assertThat(log.messages())
          .containsExactly("Left out, as on_error = \"skip\" says: " + BAD.message());
    }
    assertThat(counter.getCount()).isEqualTo(1);
  }

  @Test
  void aDeadLetterIsCountedAndLeftToItsCallerUntilThereAreTooManyInARow() throws Exception {
    SimpleCounter counter = new SimpleCounter();
    BadRecords letters = made(OnBadRecord.DEAD_LETTER, counter);
    SkipBrake brake = new SkipBrake(1);
    try (Capture log = new Capture(BadRecordsTest.class)) {
      assertThat(letters.met(BAD, brake)).isTrue();
      assertThat(log.messages()).isEmpty();
    }
    assertThat(counter.getCount()).isEqualTo(1);
    assertThatThrownBy(() -> letters.met(BAD, brake))
        .hasMessageContaining("on_error = \"dead_letter\" has left out 1 in a row");
  }

  @Test
  void anUnknownChoiceIsRefusedByTheListOfAll() {
    assertThatThrownBy(() -> OnBadRecord.parse("ignore"))
        .hasMessage("on_error is 'ignore'; it must be one of fail, skip, dead_letter");
    assertThat(OnBadRecord.parse("skip")).isEqualTo(OnBadRecord.SKIP);
  }

  @Test
  void aBrakeOfNothingNeverStops() {
    SkipBrake free = new SkipBrake(0);
    for (int i = 0; i < 1000; i++) {
      assertThat(free.skipped()).isFalse();
    }
  }

  private static BadRecords made(OnBadRecord choice, SimpleCounter counter) {
    return new BadRecords(choice, counter, LoggerFactory.getLogger(BadRecordsTest.class));
  }
}
