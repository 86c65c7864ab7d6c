// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.List;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;

/**
 * What a writer tells of itself.
 *
 * <p>Under Flink's own names (FLIP-33): {@code numRecordsSend} and {@code numBytesSend}, each
 * document once, however often it is tried, which Flink's {@code AsyncSinkWriter} leaves to others
 * (it counts attempts as {@code numRecordsOut}); {@code currentSendTime}, which it does tell;
 * {@code numRecordsSendErrors}, documents that were refused for good. In the group {@code flinksec}
 * what Flink has no name for.
 */
final class SinkMetrics {
  private final Counter documentsSent;
  private final Counter bytesSent;

  /** Whether they are also those of the operator's output, where Flink counts each attempt. */
  private final boolean countedByFlink;

  private final Counter retried;
  private final Counter conflicting;
  private final Counter refused;
  private volatile long requestMillis;

  SinkMetrics(
      SinkWriterMetricGroup metrics,
      OrderedConcurrency concurrency,
      OrderedRequestBuffer buffer,
      Pace pace) {
    MetricGroup ours = metrics.addGroup("flinksec");
    this.retried = ours.counter("retriedDocuments", new ThreadSafeSimpleCounter());
    this.conflicting = ours.counter("conflictingDocuments", new ThreadSafeSimpleCounter());
    this.documentsSent = metrics.getNumRecordsSendCounter();
    this.bytesSent = metrics.getNumBytesSendCounter();
    this.countedByFlink = documentsSent == metrics.getIOMetricGroup().getNumRecordsOutCounter();
    this.refused = metrics.getNumRecordsSendErrorsCounter();
    ours.gauge("requestsInFlight", concurrency::requests);
    ours.gauge("documentsInFlight", concurrency::documents);
    ours.gauge("documentsWaiting", buffer::waiting);
    ours.gauge("documentsInFlightLimit", pace::documents);
    ours.gauge("requestMillis", () -> requestMillis);
  }

  /** A request goes out, by the task's thread. */
  void sent(List<DocumentRequest> documents) {
    for (DocumentRequest document : documents) {
      boolean counts = document.failures() == 0 && !document.isLetter();
      if (counts && !countedByFlink) {
        documentsSent.inc();
        bytesSent.inc(document.sizeInBytes());
      } else if (!counts && countedByFlink) {
        documentsSent.dec();
        bytesSent.dec(document.sizeInBytes());
      }
    }
  }

  /** Documents that are sent again. */
  void retried(int documents) {
    retried.inc(documents);
  }

  /** Documents that are done since the index has them already. */
  void conflicting(int documents) {
    conflicting.inc(documents);
  }

  /** One document that was refused for good. */
  void refused() {
    synchronized (refused) { // Flink's own counter is for one thread.
      refused.inc();
    }
  }

  /** How long a request took, from when it was sent to its answer. */
  void requestTook(long millis) {
    requestMillis = millis;
  }
}
