// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.metrics.Counter;
import org.flinksec.logging.LimitedWarnings;
import org.slf4j.Logger;

/**
 * Gives documents back to the writer after a delay, until they have failed for too long.
 *
 * <p>The request counts as in flight while it waits, which slows the writer down as it should.
 */
final class Retries implements AutoCloseable {
  private static final int MOST_CAUSES = 50;

  private final SinkSettings settings;
  private final Counter retried;
  private final Map<String, LimitedWarnings> warnings = new LinkedHashMap<>();
  private final Logger logger;
  private final ScheduledExecutorService timer;
  private final AtomicInteger waiting = new AtomicInteger();

  Retries(SinkSettings settings, Counter retried, Logger logger) {
    this.settings = settings;
    this.retried = retried;
    this.logger = logger;
    this.timer = new ScheduledThreadPoolExecutor(1, Retries::thread);
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "elasticsearch-sink-retries");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * @throws ElasticsearchSinkException if one of the documents has been failing for longer than
   *     {@code retry_timeout}
   */
  void schedule(
      List<DocumentRequest> documents, String reason, ResultHandler<DocumentRequest> result)
      throws ElasticsearchSinkException {
    long now = System.nanoTime();
    documents.forEach(document -> document.failed(now));
    long failingFor =
        documents.stream().mapToLong(document -> document.failingForMillis(now)).max().orElse(0);
    long delay =
        Backoff.delayMillis(documents.stream().mapToInt(DocumentRequest::failures).max().orElse(1));
    int limit = settings.limits().retryTimeoutMillis();
    if (failingFor + delay > limit) {
      throw new ElasticsearchSinkException(
          "Elasticsearch at %s has not taken a document for %d ms (elasticsearch.retry_timeout is %d ms): %s"
              .formatted(settings.connection().hostList(), failingFor, limit, reason));
    }
    retried.inc(documents.size());
    warnings(reason)
        .warn(
            "Sending %d documents to Elasticsearch at %s again in %d ms: %s"
                .formatted(documents.size(), settings.connection().hostList(), delay, reason));
    waiting.incrementAndGet();
    try {
      timer.schedule(
          () -> {
            waiting.decrementAndGet();
            result.retryForEntries(documents);
          },
          delay,
          TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      // The writer is closed; nobody waits for the result.
    }
  }

  /** Of each cause on its own, so that one that is new is told at once. */
  private synchronized LimitedWarnings warnings(String reason) {
    if (warnings.size() >= MOST_CAUSES && !warnings.containsKey(reason)) {
      warnings.remove(warnings.keySet().iterator().next());
    }
    return warnings.computeIfAbsent(reason, one -> new LimitedWarnings(logger));
  }

  /** Runs something on another thread after a time, unless it is cancelled or the writer closed. */
  Future<?> later(Runnable task, Duration delay) {
    try {
      return timer.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Whether a request is waiting to be sent again. */
  boolean anyWaits() {
    return waiting.get() > 0;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
