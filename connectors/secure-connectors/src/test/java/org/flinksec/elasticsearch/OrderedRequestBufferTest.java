// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.junit.jupiter.api.Test;

/** What the buffer says to Flink's writer, which waits without an end by some answers. */
class OrderedRequestBufferTest {
  private final OrderedRequestBuffer buffer = new OrderedRequestBuffer(3);
  private final AtomicBoolean blocked = new AtomicBoolean();

  OrderedRequestBufferTest() {
    buffer.blockedWhile(blocked::get);
  }

  private void add(String id) {
    DocumentRequest document =
        new DocumentRequest(
            new DocumentRequest.Address(Operation.INDEX, null, id, null, null), new byte[10]);
    buffer.add(new RequestEntryWrapper<>(document, document.sizeInBytes()), false);
  }

  @Test
  void aTimerHasNothingToSendWhileNoRequestMayGoAndAllThatWaitsGoesWithTheNext() {
    blocked.set(true);
    add("a");
    assertThat(buffer.totalSizeInBytes()).isEqualTo(35);
    assertThat(buffer.isEmpty()).isTrue();
    assertThat(buffer.totalSizeInBytes()).as("overdue").isEqualTo(Long.MAX_VALUE);
    blocked.set(false);
    assertThat(buffer.isEmpty()).isFalse();
    assertThat(buffer.takeBatch(10, 1000).getBatchEntries()).hasSize(1);
    assertThat(buffer.isEmpty()).isTrue();
    assertThat(buffer.totalSizeInBytes()).isZero();
    add("b");
    assertThat(buffer.totalSizeInBytes()).as("not overdue any more").isEqualTo(35);
  }

  @Test
  void itIsNeverFullToFlinksWriterAndIsToOurs() {
    for (int n = 0; n < 6; n++) {
      assertThat(buffer.isFull()).isEqualTo(n >= 3);
      assertThat(buffer.size()).isEqualTo(Math.min(n, 2));
      assertThat(buffer.isOverfull()).isFalse();
      add("id" + n);
    }
    assertThat(buffer.isOverfull()).isTrue();
    assertThat(buffer.takeBatch(10, 1000).getBatchEntries()).hasSize(6);
  }
}
