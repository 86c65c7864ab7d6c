// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OpenTransactionsTest {
  private static final class Moving extends Clock {
    private long seconds = 1_000_000;

    @Override
    public Instant instant() {
      return Instant.ofEpochSecond(seconds);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private final Moving clock = new Moving();
  private final OpenTransactions open = new OpenTransactions(clock);

  @AfterEach
  void close() {
    open.close();
  }

  @Test
  void theAgeIsThatOfTheOneThatIsWritten() {
    clock.seconds += 5;
    assertThat(open.ageMillis()).isEqualTo(5_000);
    open.prepared(List.of());
    clock.seconds += 2;
    assertThat(open.ageMillis()).isEqualTo(2_000);
  }

  @Test
  void oneThatWaitsForItsCheckpointIsOlderUntilItIsCommitted() {
    clock.seconds += 5;
    open.prepared(List.of(transaction("a")));
    clock.seconds += 7;
    open.prepared(List.of(transaction("b")));
    clock.seconds += 1;
    assertThat(open.ageMillis()).isEqualTo(13_000);
    OpenTransactions.settled("a");
    assertThat(open.ageMillis()).isEqualTo(8_000);
    OpenTransactions.settled("b");
    assertThat(open.ageMillis()).isEqualTo(1_000);
  }

  @Test
  void anIdThatIsUsedAgainIsYoungAgain() {
    open.prepared(List.of(transaction("a")));
    clock.seconds += 9;
    OpenTransactions.settled("a");
    open.prepared(List.of());
    open.prepared(List.of(transaction("a")));
    clock.seconds += 3;
    assertThat(open.ageMillis()).isEqualTo(3_000);
  }

  @Test
  void writersDoNotCountTheTransactionsOfEachOther() {
    OpenTransactions other = new OpenTransactions(clock);
    open.prepared(List.of(transaction("a")));
    clock.seconds += 9;
    other.prepared(List.of());
    assertThat(other.ageMillis()).isZero();
    assertThat(open.ageMillis()).isEqualTo(9_000);
    open.close();
    open.prepared(List.of());
    assertThat(open.ageMillis()).isZero();
  }

  private static KafkaCommittable transaction(String id) {
    return new KafkaCommittable(1, (short) 1, id, null);
  }
}
