// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.time.Duration;
import java.util.ArrayList;
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
import org.flinksec.logging.LimitedWarnings;
import org.slf4j.Logger;

/**
 * Gives documents back to the writer after a delay, until they have failed for too long.
 *
 * <p>The request counts as in flight while it waits, which slows the writer down as it should.
 */
final class Retries implements AutoCloseable {
  private static final int MOST_CAUSES = 50;

  /** Who has logged in wrongly waits at least so long: some directories lock who tries often. */
  private static final long LOGIN_MILLIS = 5000;

  private final SinkSettings settings;
  private final SinkMetrics metrics;
  private final Map<String, LimitedWarnings> warnings = new LinkedHashMap<>();
  private final Logger logger;
  private final ScheduledExecutorService timer;
  private final AtomicInteger waiting = new AtomicInteger();

  Retries(SinkSettings settings, SinkMetrics metrics, Logger logger) {
    this.settings = settings;
    this.metrics = metrics;
    this.logger = logger;
    this.timer = new ScheduledThreadPoolExecutor(1, Retries::thread);
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "elasticsearch-sink-retries");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * @param letters dead letters of the same request, which go out with its documents
   * @throws ElasticsearchSinkException if one of the documents has been failing for longer than
   *     {@code retry_timeout}
   */
  void schedule(
      Verdict verdict, List<DocumentRequest> letters, ResultHandler<DocumentRequest> result)
      throws ElasticsearchSinkException {
    List<DocumentRequest> documents = verdict.retry();
    SinkSettings.Limits limits = settings.limits();
    long now = System.nanoTime();
    documents.forEach(document -> document.failed(now));
    long failingFor =
        documents.stream().mapToLong(document -> document.failingForMillis(now)).max().orElse(0);
    long first =
        verdict.trouble() == Verdict.Trouble.LOGIN
            ? Math.min(limits.maxRetryBackoffMillis(), LOGIN_MILLIS)
            : limits.retryBackoffMillis();
    long delay =
        Backoff.delayMillis(
            documents.stream().mapToInt(DocumentRequest::failures).max().orElse(1),
            first,
            limits.maxRetryBackoffMillis());
    int limit = limits.retryTimeoutMillis();
    if (failingFor + delay > limit) {
      throw new ElasticsearchSinkException(
          "Elasticsearch at %s has not taken a document for %d ms (elasticsearch.retry_timeout is %d ms): %s"
              .formatted(settings.connection().hostList(), failingFor, limit, verdict.reason()));
    }
    metrics.retried(documents.size());
    warnings(verdict.reason())
        .warn(
            "Sending %d documents to Elasticsearch at %s again in %d ms: %s"
                .formatted(
                    documents.size(), settings.connection().hostList(), delay, verdict.reason()));
    List<DocumentRequest> again = new ArrayList<>(letters);
    again.addAll(documents);
    waiting.incrementAndGet();
    try {
      timer.schedule(
          () -> {
            waiting.decrementAndGet();
            result.retryForEntries(again);
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
