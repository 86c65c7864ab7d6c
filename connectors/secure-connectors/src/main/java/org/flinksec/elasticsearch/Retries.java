// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.List;
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
  private final SinkSettings settings;
  private final Counter retried;
  private final LimitedWarnings warnings;
  private final ScheduledExecutorService timer;
  private final AtomicInteger waiting = new AtomicInteger();

  Retries(SinkSettings settings, Counter retried, Logger logger) {
    this.settings = settings;
    this.retried = retried;
    this.warnings = new LimitedWarnings(logger);
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
    warnings.warn(
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

  /** Whether a request is waiting to be sent again. */
  boolean anyWaits() {
    return waiting.get() > 0;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
