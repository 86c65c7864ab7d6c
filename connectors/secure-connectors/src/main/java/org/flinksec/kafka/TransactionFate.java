// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin.TransactionState;

/**
 * What became of a transaction that a checkpoint holds, by what its coordinator says of its id.
 *
 * <p>A transaction is written under a producer id and an epoch. Brokers before 4.0 leave the epoch
 * as it is when they commit; since 4.0 (KIP-890, transaction version 2) they raise it by one for a
 * client that speaks this version, and by none for one that does not. When they abort a transaction
 * that has timed out, or that another producer of the id has fenced, they raise it first. Version 2
 * ends a transaction of the last epoch as epoch 0 of another producer id; before, and for whatever
 * else the coordinator has under the id, another transaction was begun later, and then the
 * coordinator has forgotten how this one ended.
 */
public enum TransactionFate {
  /** It waits to be committed. */
  OPEN,
  /** Its records are there, or no longer to be stopped from being there. */
  COMMITTED,
  /** It was aborted, and its records are gone. */
  LOST,
  /** The coordinator does not know it any more. */
  FORGOTTEN,
  /** Not decided in this moment. */
  UNDECIDED;

  private static final int LAST_EPOCH = Short.MAX_VALUE - 1;

  /**
   * Compares what was written with what is there.
   *
   * @param producerId of the transaction in the checkpoint
   * @param epoch likewise
   * @param foundId the coordinator's producer id under the same transactional id
   * @param foundEpoch likewise
   * @param state of what the coordinator has
   * @param version2 whether the brokers have version 2 of transactions
   */
  static TransactionFate of(
      long producerId,
      int epoch,
      long foundId,
      int foundEpoch,
      TransactionState state,
      boolean version2) {
    if (state == TransactionState.UNKNOWN || state == TransactionState.PREPARE_EPOCH_FENCE) {
      return UNDECIDED;
    }
    boolean same = producerId == foundId && epoch == foundEpoch;
    boolean raised = producerId == foundId && epoch + 1 == foundEpoch;
    boolean exhausted = version2 && isLast(epoch) && producerId != foundId && foundEpoch == 0;
    if (!same && !raised && !exhausted) {
      return FORGOTTEN;
    }
    return switch (state) {
      case COMPLETE_COMMIT -> COMMITTED;
      case COMPLETE_ABORT -> LOST;
      case PREPARE_COMMIT -> exhausted ? FORGOTTEN : COMMITTED;
      case PREPARE_ABORT -> exhausted ? FORGOTTEN : LOST;
      case ONGOING -> same ? OPEN : FORGOTTEN;
      default -> FORGOTTEN;
    };
  }

  /** Whether a transaction of this epoch ends under another producer id, with version 2. */
  static boolean isLast(int epoch) {
    return epoch >= LAST_EPOCH;
  }
}
