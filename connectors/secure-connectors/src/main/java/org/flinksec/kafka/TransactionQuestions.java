// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.Admin;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.DescribeTransactionsResult;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.TransactionalIdNotFoundException;

/**
 * Asks the coordinators of transactions what became of some. It takes the right DESCRIBE on the
 * transactional ids.
 */
final class TransactionQuestions implements AutoCloseable {
  private static final String VERSION = "transaction.version";

  private final Properties properties;
  private Admin admin;

  TransactionQuestions(Properties producerProperties) {
    properties = new Properties();
    properties.putAll(producerProperties);
    // It would warn of what only producers know.
    Set<String> onlyProducers = new HashSet<>(ProducerConfig.configNames());
    onlyProducers.removeAll(AdminClientConfig.configNames());
    onlyProducers.forEach(properties::remove);
  }

  /**
   * Returns what became of each, by transactional id, in one question to each coordinator.
   *
   * @throws IOException if one cannot be had
   */
  Map<String, TransactionFate> ask(Collection<KafkaCommittable> transactions)
      throws IOException, InterruptedException {
    if (admin == null) {
      admin = Admin.create(properties);
    }
    List<String> ids = transactions.stream().map(KafkaCommittable::getTransactionalId).toList();
    DescribeTransactionsResult answers = admin.describeTransactions(ids);
    Map<String, TransactionFate> fates = new HashMap<>();
    for (KafkaCommittable transaction : transactions) {
      fates.put(transaction.getTransactionalId(), fate(answers, transaction));
    }
    return fates;
  }

  /** Aborts whatever is open under the ids, so that it does not hold readers back. */
  void fence(Collection<String> transactionalIds) throws IOException, InterruptedException {
    try {
      admin.fenceProducers(transactionalIds).all().get();
    } catch (ExecutionException e) {
      throw new IOException("transactions cannot be aborted: " + transactionalIds, e.getCause());
    }
  }

  private TransactionFate fate(DescribeTransactionsResult answers, KafkaCommittable transaction)
      throws IOException, InterruptedException {
    String id = transaction.getTransactionalId();
    int epoch = transaction.getEpoch();
    try {
      TransactionDescription found = answers.description(id).get();
      return TransactionFate.of(
          transaction.getProducerId(),
          epoch,
          found.producerId(),
          found.producerEpoch(),
          found.state(),
          TransactionFate.isLast(epoch) && haveVersion2());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TransactionalIdNotFoundException) {
        return TransactionFate.FORGOTTEN;
      }
      throw new IOException(
          "Kafka does not say whether a transaction was committed: transactional id " + id,
          e.getCause());
    }
  }

  private boolean haveVersion2() throws ExecutionException, InterruptedException {
    FinalizedVersionRange version =
        admin.describeFeatures().featureMetadata().get().finalizedFeatures().get(VERSION);
    return version != null && version.maxVersionLevel() >= 2;
  }

  @Override
  public void close() {
    if (admin != null) {
      admin.close(Duration.ZERO);
      admin = null;
    }
  }
}
