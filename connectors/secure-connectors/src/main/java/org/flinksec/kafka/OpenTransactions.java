// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.time.Clock;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.metrics.MetricGroup;

/**
 * How long the oldest transaction of a writer is open: brokers abort one that is older than {@code
 * transaction.timeout.ms}, with what the job wrote in it.
 *
 * <p>A transaction counts from the checkpoint before it, when it may not have a record yet, so that
 * nothing is done for each record. One of a checkpoint that is not completed waits, until the
 * committer of the same task says that it is done.
 */
final class OpenTransactions {
  /** When they were begun, by transactional id, for the committers in this class loader. */
  private static final Map<String, Long> WAITING = new ConcurrentHashMap<>();

  private final Clock clock;
  private final Collection<String> own = ConcurrentHashMap.newKeySet();
  private volatile long begun;

  OpenTransactions(Clock clock) {
    this.clock = clock;
    this.begun = clock.millis();
  }

  /**
   * Shows the figures.
   *
   * @param timeoutMillis of the producers
   */
  void show(MetricGroup metrics, long timeoutMillis) {
    MetricGroup ours = metrics.addGroup("flinksec");
    ours.gauge("transactionAge", () -> ageMillis() / 1000);
    ours.gauge("transactionTimeout", () -> timeoutMillis / 1000);
  }

  /** A checkpoint has what the present transaction holds; the next one begins. */
  void prepared(Collection<KafkaCommittable> transactions) {
    for (KafkaCommittable transaction : transactions) {
      WAITING.put(transaction.getTransactionalId(), begun);
      own.add(transaction.getTransactionalId());
    }
    begun = clock.millis();
  }

  /** The committer is done with one, whatever came of it. */
  static void settled(String transactionalId) {
    WAITING.remove(transactionalId);
  }

  /** The writer is closed. */
  void close() {
    own.forEach(WAITING::remove);
  }

  /** The age of the oldest. */
  long ageMillis() {
    long oldest = begun;
    for (String id : own) {
      Long since = WAITING.get(id);
      if (since == null) {
        own.remove(id);
      } else {
        oldest = Math.min(oldest, since);
      }
    }
    return Math.max(0, clock.millis() - oldest);
  }
}
