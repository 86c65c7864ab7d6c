// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.junit.jupiter.api.Test;

class TimeToLiveTest {
  @Test
  void aDescriptionFromPythonIsThatOfFlink() {
    Packer told = new Packer();
    told.arrayHeader(7);
    told.whole(1500);
    told.text("OnReadAndWrite");
    told.text("ReturnExpiredIfNotCleanedUp");
    told.bool(false);
    told.bool(true);
    told.arrayHeader(2);
    told.whole(7);
    told.bool(true);
    told.whole(99);
    StateTtlConfig read = TimeToLive.read(told.copy());
    assertThat(read.getTimeToLive()).isEqualTo(Duration.ofMillis(1500));
    assertThat(read.getUpdateType()).isEqualTo(StateTtlConfig.UpdateType.OnReadAndWrite);
    assertThat(read.getStateVisibility())
        .isEqualTo(StateTtlConfig.StateVisibility.ReturnExpiredIfNotCleanedUp);
    StateTtlConfig.CleanupStrategies cleanup = read.getCleanupStrategies();
    assertThat(cleanup.isCleanupInBackground()).isFalse();
    assertThat(cleanup.inFullSnapshot()).isTrue();
    assertThat(cleanup.getIncrementalCleanupStrategy().getCleanupSize()).isEqualTo(7);
    assertThat(cleanup.getIncrementalCleanupStrategy().runCleanupForEveryRecord()).isTrue();
    assertThat(cleanup.getRocksdbCompactFilterCleanupStrategy().getQueryTimeAfterNumEntries())
        .isEqualTo(99);
  }

  @Test
  void whatIsNotSaidIsFlinksDefault() {
    Packer told = new Packer();
    told.arrayHeader(7);
    told.whole(1);
    told.text("OnCreateAndWrite");
    told.text("NeverReturnExpired");
    told.bool(true);
    told.bool(false);
    told.nil();
    told.nil();
    StateTtlConfig made = StateTtlConfig.newBuilder(Duration.ofMillis(1)).build();
    assertThat(TimeToLive.read(told.copy()).getCleanupStrategies())
        .usingRecursiveComparison()
        .isEqualTo(made.getCleanupStrategies());
  }
}
