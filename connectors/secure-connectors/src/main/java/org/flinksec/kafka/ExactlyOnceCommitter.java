// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.internal.BackchannelFactory;
import org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer;
import org.apache.flink.connector.kafka.sink.internal.TransactionFinished;
import org.apache.flink.connector.kafka.sink.internal.WritableBackchannel;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.KafkaException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.InterruptException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.RetriableException;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.UnknownProducerIdException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits the transactions of checkpoints, and asks Kafka where Flink's own committer guesses.
 *
 * <p>Flink's commits what a checkpoint holds again after each restart. Where Kafka refuses that, it
 * logs that data were probably lost, in the same words for a transaction that was committed before
 * and for one that the brokers have aborted, and goes on. This one asks first: what was committed
 * is passed over in silence, and what is lost ends the job.
 *
 * <p>For that, a transactional id must not be used again as long as a restart may ask for it. If
 * the ids are pooled, the writer therefore learns that one is free with the commit of the next
 * checkpoint, and not of its own.
 */
final class ExactlyOnceCommitter implements Committer<KafkaCommittable> {
  private static final Logger LOG = LoggerFactory.getLogger(ExactlyOnceCommitter.class);
  private static final long PAUSE_MILLIS = 200;

  private final Properties producerProperties;
  private final String target;
  private final OnLostTransaction onLost;
  private final boolean reusesIds;
  private final TransactionQuestions questions;
  private final WritableBackchannel<TransactionFinished> writer;
  private final Deque<TransactionFinished> untilTheNextCheckpoint = new ArrayDeque<>();
  private FlinkKafkaInternalProducer<?, ?> resumed;

  ExactlyOnceCommitter(
      Properties producerProperties,
      String transactionalIdPrefix,
      boolean reusesIds,
      String target,
      OnLostTransaction onLost,
      CommitterInitContext context) {
    this.producerProperties = producerProperties;
    this.target = target;
    this.onLost = onLost;
    this.reusesIds = reusesIds;
    this.questions = new TransactionQuestions(producerProperties);
    this.writer =
        BackchannelFactory.getInstance()
            .getWritableBackchannel(
                context.getTaskInfo().getIndexOfThisSubtask(),
                context.getTaskInfo().getAttemptNumber(),
                transactionalIdPrefix);
  }

  @Override
  public void commit(Collection<CommitRequest<KafkaCommittable>> requests)
      throws IOException, InterruptedException {
    if (requests.stream().anyMatch(request -> request.getNumberOfRetries() == 0)) {
      untilTheNextCheckpoint.forEach(writer::send);
      untilTheNextCheckpoint.clear();
    } else {
      Thread.sleep(PAUSE_MILLIS);
    }
    List<CommitRequest<KafkaCommittable>> doubtful = new ArrayList<>();
    for (CommitRequest<KafkaCommittable> request : requests) {
      if (!commitLive(request.getCommittable())) {
        doubtful.add(request);
      }
    }
    if (!doubtful.isEmpty()) {
      settle(doubtful);
    }
  }

  /** Commits by the producer that wrote it; says whether there was one, and it could. */
  private boolean commitLive(KafkaCommittable transaction)
      throws IOException, InterruptedException {
    FlinkKafkaInternalProducer<?, ?> producer = transaction.getProducer().orElse(null);
    if (producer == null) {
      return false;
    }
    boolean done = commitBy(producer, transaction);
    if (done) {
      OpenTransactions.settled(transaction.getTransactionalId());
    }
    finished(transaction, done);
    return done;
  }

  private boolean commitBy(FlinkKafkaInternalProducer<?, ?> producer, KafkaCommittable transaction)
      throws IOException, InterruptedException {
    try {
      producer.commitTransaction();
      return true;
    } catch (InterruptException e) {
      Thread.interrupted(); // Kafka's exception has set it again
      throw new InterruptedException(e.getMessage());
    } catch (RetriableException
        | ProducerFencedException
        | InvalidProducerEpochException
        | InvalidTxnStateException
        | InvalidPidMappingException
        | UnknownProducerIdException e) {
      LOG.debug("Transaction {} may not have been committed", transaction.getTransactionalId(), e);
      return false;
    } catch (KafkaException e) {
      throw new IOException(
          "what the job wrote to %s cannot be committed: transactional id %s"
              .formatted(target, transaction.getTransactionalId()),
          e);
    }
  }

  private void settle(List<CommitRequest<KafkaCommittable>> doubtful)
      throws IOException, InterruptedException {
    Map<String, TransactionFate> fates =
        questions.ask(doubtful.stream().map(CommitRequest::getCommittable).toList());
    LostTransactions lost = lostTransactions();
    List<String> forgotten = new ArrayList<>();
    int before = 0;
    for (CommitRequest<KafkaCommittable> request : doubtful) {
      KafkaCommittable transaction = request.getCommittable();
      String id = transaction.getTransactionalId();
      TransactionFate fate = fates.get(id);
      switch (fate) {
        case COMMITTED -> {
          before++;
          recovered(transaction);
        }
        case OPEN -> resume(request);
        case UNDECIDED -> request.updateAndRetryLater(withoutProducer(transaction));
        default -> {
          lost.add(id, fate);
          if (fate == TransactionFate.FORGOTTEN) {
            forgotten.add(id);
          }
          recovered(transaction);
        }
      }
    }
    if (before > 0) {
      LOG.info("{} transactions of the checkpoint to {} were committed before", before, target);
    }
    lost.settle(onLost);
    if (!forgotten.isEmpty()) {
      questions.fence(forgotten);
    }
  }

  private LostTransactions lostTransactions() {
    return new LostTransactions(
        target, producerProperties.getProperty(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG));
  }

  private void resume(CommitRequest<KafkaCommittable> request)
      throws IOException, InterruptedException {
    KafkaCommittable transaction = request.getCommittable();
    String id = transaction.getTransactionalId();
    if (resumed == null) {
      resumed = new FlinkKafkaInternalProducer<>(producerProperties, id);
    } else {
      resumed.setTransactionId(id);
    }
    resumed.resumeTransaction(transaction.getProducerId(), transaction.getEpoch());
    if (commitBy(resumed, transaction)) {
      recovered(transaction);
      return;
    }
    closeResumed();
    request.updateAndRetryLater(withoutProducer(transaction));
  }

  /** The writer has no producer for it, or has been told already that it is to be closed. */
  private void recovered(KafkaCommittable transaction) {
    OpenTransactions.settled(transaction.getTransactionalId());
    if (transaction.getProducer().isEmpty()) {
      finished(transaction, true);
    }
  }

  private void finished(KafkaCommittable transaction, boolean well) {
    String id = transaction.getTransactionalId();
    TransactionFinished told =
        well ? TransactionFinished.successful(id) : TransactionFinished.erroneously(id);
    if (reusesIds) {
      untilTheNextCheckpoint.add(told);
    } else {
      writer.send(told);
    }
  }

  private static KafkaCommittable withoutProducer(KafkaCommittable transaction) {
    return new KafkaCommittable(
        transaction.getProducerId(),
        transaction.getEpoch(),
        transaction.getTransactionalId(),
        null);
  }

  private void closeResumed() {
    if (resumed != null) {
      resumed.close();
      resumed = null;
    }
  }

  @Override
  public void close() throws Exception {
    questions.close();
    closeResumed();
    writer.close();
  }
}
