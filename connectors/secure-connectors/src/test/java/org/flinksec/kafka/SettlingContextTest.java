// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.junit.jupiter.api.Test;

class SettlingContextTest {
  private final Deque<BiConsumer<Object, Throwable>> asked = new ArrayDeque<>();
  private final List<Integer> told = new ArrayList<>();
  private final SettlingContext<KafkaPartitionSplit> context =
      new SettlingContext<>(flinks(), told::add);

  @SuppressWarnings("unchecked") // of what is asked only the handler is kept
  private SplitEnumeratorContext<KafkaPartitionSplit> flinks() {
    return (SplitEnumeratorContext<KafkaPartitionSplit>)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {SplitEnumeratorContext.class},
            (self, method, given) -> {
              if (method.getName().equals("callAsync")) {
                asked.add((BiConsumer<Object, Throwable>) given[1]);
                return null;
              }
              return Map.of(0, "a reader", 1, "a reader");
            });
  }

  @Test
  void readersAreToldWhenDiscoveryAndWhatItLedToHaveBeenAnswered() {
    context.callAsync(() -> 1, (found, error) -> context.callAsync(() -> 2, (x, y) -> {}), 0, 10);
    context.tellIfSettled(0);
    BiConsumer<Object, Throwable> discovery = asked.remove();
    discovery.accept(1, null);
    assertThat(told).isEmpty();
    asked.remove().accept(2, null);
    assertThat(told).containsExactlyInAnyOrder(0, 1);
    context.tellIfSettled(2);
    assertThat(told).endsWith(2);
    discovery.accept(1, null);
    asked.remove().accept(2, null);
    assertThat(told).hasSize(5);
  }

  @Test
  void readersAreToldWhenDiscoveryHasFoundNothingNew() {
    context.callAsync(() -> 1, (found, error) -> {}, 0, 10);
    asked.remove().accept(1, null);
    assertThat(told).containsExactlyInAnyOrder(0, 1);
  }

  @Test
  void nobodyIsToldAfterAnAnswerThatIsAnError() {
    context.callAsync(() -> 1, (found, error) -> {}, 0, 10);
    asked.remove().accept(null, new IllegalStateException());
    assertThat(told).isEmpty();
  }
}
