// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.coordinator.transaction.TransactionMetadata;
import org.apache.kafka.server.common.TransactionVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** The coordinator's own class of Kafka's brokers decides what is right. */
class TransactionFateTest {
  private static final int WALKS = 40_000;
  private static final Set<TopicPartition> PARTITIONS = Set.of(new TopicPartition("t", 0));

  @Test
  void noHistoryOfAnIdMakesAnAbortedTransactionLookCommittedOrTheOtherWayRound() {
    Random random = new Random(20261129);
    Map<TransactionFate, Integer> seen = new EnumMap<>(TransactionFate.class);
    for (int walk = 0; walk < WALKS; walk++) {
      Coordinator coordinator = new Coordinator(random);
      long producerId = coordinator.producerId();
      int epoch = coordinator.epoch();
      for (int step = 0; step < 12; step++) {
        TransactionFate fate = coordinator.fateOf(producerId, epoch);
        seen.merge(fate, 1, Integer::sum);
        assertThat(fate)
            .describedAs("%s, written by %s/%s", coordinator.metadata, producerId, epoch)
            .isIn(coordinator.allowed());
        coordinator.goOn();
      }
    }
    assertThat(seen.keySet())
        .contains(
            TransactionFate.OPEN,
            TransactionFate.COMMITTED,
            TransactionFate.LOST,
            TransactionFate.FORGOTTEN);
  }

  @ParameterizedTest
  @EnumSource(
      value = TransactionState.class,
      mode = Mode.INCLUDE,
      names = {"UNKNOWN", "PREPARE_EPOCH_FENCE"})
  void aStateOfPassageIsAskedForAgain(TransactionState state) {
    assertThat(TransactionFate.of(1, 1, 1, 1, state, true)).isEqualTo(TransactionFate.UNDECIDED);
  }

  @Test
  void aTransactionThatTheCoordinatorKnowsEmptyIsForgotten() {
    assertThat(TransactionFate.of(1, 1, 1, 1, TransactionState.EMPTY, true))
        .isEqualTo(TransactionFate.FORGOTTEN);
  }

  /** A transactional id at its coordinator, from the moment in which a transaction is prepared. */
  private static final class Coordinator {
    private final Random random;
    private final TransactionVersion version;
    private final boolean raisesTwice;
    private final TransactionMetadata metadata;
    private TransactionFate truth = TransactionFate.OPEN;
    private boolean usedSince;
    private long nextProducerId = 100;

    Coordinator(Random random) {
      this.random = random;
      this.version = random.nextBoolean() ? TransactionVersion.TV_2 : TransactionVersion.TV_0;
      // Brokers before 4.0.1 do when they abort what has timed out (KAFKA-19367).
      this.raisesTwice = random.nextInt(4) == 0;
      boolean nearTheEnd = random.nextBoolean();
      short epoch =
          (short) (nearTheEnd ? Short.MAX_VALUE - 1 - random.nextInt(4) : random.nextInt(3));
      metadata =
          new TransactionMetadata(
              "id",
              7,
              -1,
              -1,
              epoch,
              (short) -1,
              1000,
              org.apache.kafka.coordinator.transaction.TransactionState.ONGOING,
              PARTITIONS,
              1,
              1,
              version);
    }

    long producerId() {
      return metadata.producerId();
    }

    int epoch() {
      return metadata.producerEpoch();
    }

    TransactionFate fateOf(long producerId, int epoch) {
      return TransactionFate.of(
          producerId,
          epoch,
          metadata.producerId(),
          metadata.producerEpoch(),
          TransactionState.parse(metadata.state().stateName()),
          version == TransactionVersion.TV_2);
    }

    /**
     * Once the id is used again, nothing need be known: a verdict must only not be the wrong one.
     * Brokers before 4.0 allow one more: there the epoch of a later transaction that its producer
     * has aborted is the one to which this would have been aborted. Either ends the job.
     */
    Set<TransactionFate> allowed() {
      if (usedSince && version == TransactionVersion.TV_0) {
        return EnumSet.of(truth, TransactionFate.FORGOTTEN, TransactionFate.LOST);
      }
      return usedSince || raisesTwice
          ? EnumSet.of(truth, TransactionFate.FORGOTTEN)
          : EnumSet.of(truth);
    }

    void goOn() {
      switch (metadata.state()) {
        case ONGOING -> {
          switch (random.nextInt(4)) {
            case 0 -> end(true, clientVersion());
            case 1 -> end(false, version);
            default -> abortByTheBroker();
          }
        }
        case PREPARE_COMMIT, PREPARE_ABORT ->
            metadata.completeTransitionTo(metadata.prepareComplete(2));
        case EMPTY -> begin();
        default -> initialize();
      }
    }

    /**
     * A producer that was resumed from a checkpoint speaks the older protocol. That a later
     * transaction is committed so too, and in the first epoch of another producer id, is left out:
     * it would look like the end of one in the last epoch, but such an id is not used again by the
     * job whose transaction was lost, as it has failed.
     */
    private TransactionVersion clientVersion() {
      return random.nextBoolean() && !(usedSince && metadata.producerEpoch() == 0)
          ? TransactionVersion.TV_0
          : version;
    }

    /** Only who wrote it ends a transaction of an id; Flink's never aborts what is prepared. */
    private void end(boolean commit, TransactionVersion by) {
      if (!commit && !usedSince) {
        abortByTheBroker();
        return;
      }
      decide(commit);
      prepare(commit, by);
    }

    /** As TransactionCoordinator does for what has timed out, or is fenced by another producer. */
    private void abortByTheBroker() {
      decide(false);
      short raised = metadata.prepareFenceProducerEpoch().producerEpoch();
      metadata.pendingState(Optional.empty());
      metadata.setProducerEpoch(raised);
      metadata.setLastProducerEpoch((short) -1);
      boolean again = raisesTwice && raised < Short.MAX_VALUE;
      prepare(false, again ? version : TransactionVersion.TV_0);
    }

    private void prepare(boolean commit, TransactionVersion by) {
      var state =
          commit
              ? org.apache.kafka.coordinator.transaction.TransactionState.PREPARE_COMMIT
              : org.apache.kafka.coordinator.transaction.TransactionState.PREPARE_ABORT;
      long next =
          by.supportsEpochBump() && metadata.isProducerEpochExhausted() ? nextProducerId++ : -1;
      metadata.completeTransitionTo(metadata.prepareAbortOrCommit(state, by, next, 2, false));
    }

    private void decide(boolean commit) {
      if (truth == TransactionFate.OPEN) {
        truth = commit ? TransactionFate.COMMITTED : TransactionFate.LOST;
      }
    }

    private void initialize() {
      usedSince = true;
      if (metadata.isProducerEpochExhausted()) {
        metadata.completeTransitionTo(
            metadata.prepareProducerIdRotation(nextProducerId++, 1000, 2, false));
      } else {
        metadata.completeTransitionTo(
            metadata.prepareIncrementProducerEpoch(1000, Optional.empty(), 2));
      }
    }

    private void begin() {
      metadata.completeTransitionTo(metadata.prepareAddPartitions(PARTITIONS, 2, version));
    }
  }
}
