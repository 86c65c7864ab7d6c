// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How fast documents go out, by what comes back. */
@Timeout(300)
class PaceTest extends SinkAgainstAFake {
  @Test
  void requestsThatFailTogetherHalveThePaceOnceAndSuccessesBringItBackByTenthsOfABatch() {
    Pace pace = new Pace(1000, 4);
    assertThat(pace.documents()).isEqualTo(4000);
    int before = pace.decreases();
    pace.overloaded(before);
    pace.overloaded(before);
    assertThat(pace.documents()).isEqualTo(2000);
    pace.overloaded(pace.decreases());
    assertThat(pace.documents()).isEqualTo(1000);
    pace.inTime();
    assertThat(pace.documents()).isEqualTo(1100);
    for (int i = 0; i < 100; i++) {
      pace.inTime();
    }
    assertThat(pace.documents()).isEqualTo(4000);
  }

  @Test
  void whatIsLateIsNeverMadeSmallerThanATenthOfABatchAndWhatIsRefusedIsDownToOneDocument() {
    Pace pace = new Pace(1000, 4);
    for (int i = 0; i < 100; i++) {
      pace.late(pace.decreases());
    }
    assertThat(pace.documents()).isEqualTo(125);
    for (int i = 0; i < 100; i++) {
      pace.overloaded(pace.decreases());
    }
    assertThat(pace.documents()).isEqualTo(1);
  }

  @Test
  void aServerThatTakesFewDocumentsAtATimeGetsFewAndAllArrive() throws Exception {
    config.put("max_batch_size", "64");
    config.put("max_in_flight", "4");
    config.put("retry_backoff", "1");
    config.put("max_retry_backoff", "10");
    AtomicInteger taken = new AtomicInteger();
    elasticsearch.requestStatus(
        request -> {
          int size = elasticsearch.requests().get(request - 1).size();
          return size > 20 ? 429 : 200;
        });
    elasticsearch.itemStatus(operation -> taken.incrementAndGet() > 0 ? 201 : 500);
    try (var writer = writer()) {
      for (long n = 0; n < 600; n++) {
        write(writer, Row.of("id" + n, n));
      }
      writer.flush(true);
    }
    assertThat(elasticsearch.documents()).hasSize(600);
    List<Integer> sizes = elasticsearch.requests().stream().map(List::size).toList();
    assertThat(sizes.get(0)).isEqualTo(64);
    assertThat(sizes.stream().filter(size -> size <= 20).mapToInt(size -> size).sum())
        .isEqualTo(600);
    // It asks for more now and then, and not with every request.
    assertThat(sizes.stream().filter(size -> size > 20).count())
        .isLessThan(sizes.stream().filter(size -> size <= 20).count());
  }

  @Test
  void requestsThatTakeLongerThanTheyShouldBecomeSmaller() throws Exception {
    config.put("max_batch_size", "40");
    config.put("max_in_flight", "1");
    config.put("target_latency", "20");
    elasticsearch.delayMillis(60);
    try (var writer = writer()) {
      for (long n = 0; n < 160; n++) {
        write(writer, Row.of("id" + n, n));
      }
      writer.flush(true);
    }
    List<Integer> sizes = elasticsearch.requests().stream().map(List::size).toList();
    assertThat(sizes.subList(0, 4)).containsExactly(40, 20, 10, 5);
    assertThat(sizes.subList(3, sizes.size())).containsOnly(5);
    assertThat(elasticsearch.documents()).hasSize(160);
  }
}
