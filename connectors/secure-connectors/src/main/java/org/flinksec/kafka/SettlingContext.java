// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.IntConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;

/**
 * Knows when an enumerator has settled: when what it asked for asynchronously has been answered,
 * and nothing more was asked. Then all splits are assigned, and the readers are told so.
 *
 * <p>All of it runs in the coordinator's one thread, but for the calls themselves.
 */
final class SettlingContext<S extends SourceSplit> implements SplitEnumeratorContext<S> {
  private final SplitEnumeratorContext<S> context;
  private final IntConsumer tell;
  private int unanswered;
  private boolean settled;

  /**
   * @param tell a reader, by its number, that all splits that there are have been assigned
   */
  SettlingContext(SplitEnumeratorContext<S> context, IntConsumer tell) {
    this.context = context;
    this.tell = tell;
  }

  void tellIfSettled(int subtask) {
    if (settled) {
      tell.accept(subtask);
    }
  }

  private void answered(Throwable error) {
    if (--unanswered == 0 && error == null) {
      settled = true;
      List.copyOf(registeredReaders().keySet()).forEach(this::tellIfSettled);
    }
  }

  @Override
  public <R> void callAsync(Callable<R> call, BiConsumer<R, Throwable> handler) {
    unanswered++;
    context.callAsync(
        call,
        (result, error) -> {
          handler.accept(result, error);
          answered(error);
        });
  }

  /** Discovery that goes on is waited for once. */
  @Override
  public <R> void callAsync(
      Callable<R> call, BiConsumer<R, Throwable> handler, long initialDelay, long period) {
    unanswered++;
    AtomicBoolean isFirst = new AtomicBoolean(true);
    context.callAsync(
        call,
        (result, error) -> {
          handler.accept(result, error);
          if (isFirst.getAndSet(false)) {
            answered(error);
          }
        },
        initialDelay,
        period);
  }

  @Override
  public SplitEnumeratorMetricGroup metricGroup() {
    return context.metricGroup();
  }

  @Override
  public void sendEventToSourceReader(int subtask, SourceEvent event) {
    context.sendEventToSourceReader(subtask, event);
  }

  @Override
  public void sendEventToSourceReader(int subtask, int attempt, SourceEvent event) {
    context.sendEventToSourceReader(subtask, attempt, event);
  }

  @Override
  public int currentParallelism() {
    return context.currentParallelism();
  }

  @Override
  public Map<Integer, ReaderInfo> registeredReaders() {
    return context.registeredReaders();
  }

  @Override
  public Map<Integer, Map<Integer, ReaderInfo>> registeredReadersOfAttempts() {
    return context.registeredReadersOfAttempts();
  }

  @Override
  public void assignSplits(SplitsAssignment<S> assignment) {
    context.assignSplits(assignment);
  }

  @Override
  public void signalNoMoreSplits(int subtask) {
    context.signalNoMoreSplits(subtask);
  }

  @Override
  public void runInCoordinatorThread(Runnable runnable) {
    context.runInCoordinatorThread(runnable);
  }

  @Override
  public void setIsProcessingBacklog(boolean backlog) {
    context.setIsProcessingBacklog(backlog);
  }
}
