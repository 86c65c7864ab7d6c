// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink.PrecommittingStatefulSinkWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A writer that can be closed whatever Kafka says.
 *
 * <p>Flink's aborts its transaction when it is closed, which fails if its producer has failed
 * before; and Flink takes the failure of a task's clean-up for a reason to end the whole
 * TaskManager, in a local run the job. A writer without transactions tells of records that a broker
 * did not take. The broker aborts such a transaction all the same: when the task starts again, or
 * by its timeout. What was written before a checkpoint, or the end, has been flushed by then, so
 * nothing else is told by closing.
 */
final class QuietlyClosedWriter<T>
    implements PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> {
  private static final Logger LOG = LoggerFactory.getLogger(QuietlyClosedWriter.class);

  private final PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> writer;
  private final OpenTransactions transactions;

  /**
   * @param transactions those of the writer; null if it has none
   */
  QuietlyClosedWriter(
      PrecommittingStatefulSinkWriter<T, KafkaWriterState, KafkaCommittable> writer,
      OpenTransactions transactions) {
    this.writer = writer;
    this.transactions = transactions;
  }

  @Override
  public void write(T element, Context context) throws IOException, InterruptedException {
    writer.write(element, context);
  }

  @Override
  public void writeWatermark(Watermark watermark) throws IOException, InterruptedException {
    writer.writeWatermark(watermark);
  }

  @Override
  public void flush(boolean endOfInput) throws IOException, InterruptedException {
    writer.flush(endOfInput);
  }

  @Override
  public Collection<KafkaCommittable> prepareCommit() throws IOException, InterruptedException {
    Collection<KafkaCommittable> prepared = writer.prepareCommit();
    if (transactions != null) {
      transactions.prepared(prepared);
    }
    return prepared;
  }

  @Override
  public List<KafkaWriterState> snapshotState(long checkpoint) throws IOException {
    return writer.snapshotState(checkpoint);
  }

  @Override
  public void close() throws InterruptedException {
    if (transactions != null) {
      transactions.close();
    }
    try {
      writer.close();
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      LOG.debug("Closed, although Kafka did not let its transaction be aborted", e);
    }
  }
}
