// SPDX-License-Identifier: Apache-2.0
package org.flinksec.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.flinksec.Capture;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LimitedWarningsTest {
  @Test
  void theFirstIsLoggedThenOnePerIntervalWithHowManyWereLeftOut() {
    AtomicLong clock = new AtomicLong(5);
    try (Capture log = new Capture(LimitedWarningsTest.class)) {
      LimitedWarnings warnings =
          new LimitedWarnings(LoggerFactory.getLogger(LimitedWarningsTest.class), 1, clock::get);
      warnings.warn("one");
      warnings.warn("two");
      clock.addAndGet(LimitedWarnings.INTERVAL_MILLIS - 1);
      warnings.warn("three");
      clock.addAndGet(1);
      warnings.warn("four");
      assertThat(log.messages()).containsExactly("one", "four (and 2 more since the last)");
    }
  }

  @Test
  void whereEachHasAReasonOfItsOwnSeveralOfAnIntervalAreLogged() {
    AtomicLong clock = new AtomicLong(5);
    try (Capture log = new Capture(LimitedWarningsTest.class)) {
      LimitedWarnings warnings =
          new LimitedWarnings(LoggerFactory.getLogger(LimitedWarningsTest.class), 2, clock::get);
      for (String message : List.of("one", "two", "three")) {
        warnings.warn(message);
      }
      clock.addAndGet(LimitedWarnings.INTERVAL_MILLIS);
      for (String message : List.of("four", "five", "six")) {
        warnings.warn(message);
      }
      assertThat(log.messages())
          .containsExactly("one", "two", "four (and 1 more since the last)", "five");
    }
  }
}
