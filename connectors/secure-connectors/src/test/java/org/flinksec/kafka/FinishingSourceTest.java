// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FinishingSourceTest {
  private final List<Object> ended = new ArrayList<>();
  private BiConsumer<Object, Throwable> discovery;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readersAreToldThatNothingComesAlsoWhereDiscoveryHasFoundNothing(boolean restored)
      throws Exception {
    FinishingSource<Object, KafkaPartitionSplit, Object> source = FinishingSource.of(flinks());
    try (SplitEnumerator<KafkaPartitionSplit, Object> enumerator =
        restored
            ? source.restoreEnumerator(context(), "state")
            : source.createEnumerator(context())) {
      enumerator.start();
      assertThat(ended).isEmpty();
      discovery.accept(List.of(), null);
      assertThat(ended).containsExactlyInAnyOrder(0, 1);
      enumerator.addReader(2);
      assertThat(ended).endsWith(2);
    }
  }

  /** Its enumerator looks for partitions when it starts, and does nothing where there are none. */
  @SuppressWarnings("unchecked")
  private static Source<Object, KafkaPartitionSplit, Object> flinks() {
    return proxy(
        Source.class,
        (self, method, given) -> {
          SplitEnumeratorContext<?> context = (SplitEnumeratorContext<?>) given[0];
          return proxy(
              SplitEnumerator.class,
              (enumerator, called, arguments) -> {
                if (called.getName().equals("start")) {
                  Callable<Object> looks = List::of;
                  context.callAsync(looks, (found, error) -> {});
                }
                return null;
              });
        });
  }

  @SuppressWarnings("unchecked")
  private SplitEnumeratorContext<KafkaPartitionSplit> context() {
    return proxy(
        SplitEnumeratorContext.class,
        (self, method, given) -> {
          switch (method.getName()) {
            case "callAsync" -> discovery = (BiConsumer<Object, Throwable>) given[1];
            case "signalNoMoreSplits" -> ended.add(given[0]);
            default -> {
              return Map.of(0, "a reader", 1, "a reader");
            }
          }
          return null;
        });
  }

  private static <I> I proxy(Class<I> type, InvocationHandler calls) {
    return type.cast(
        Proxy.newProxyInstance(
            FinishingSourceTest.class.getClassLoader(), new Class<?>[] {type}, calls));
  }
}
