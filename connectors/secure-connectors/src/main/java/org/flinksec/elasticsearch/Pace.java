// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import org.apache.flink.connector.base.sink.writer.strategy.AIMDScalingStrategy;

/**
 * How many documents may be in flight: more by a tenth of a batch with each request that is done in
 * time, half as many where the servers have too much to do. Below one batch, batches are smaller.
 *
 * <p>Of the requests that were in flight together only the first to fail counts, or four refusals
 * of one moment would leave a sixteenth. It may be used by several threads.
 */
final class Pace {
  private static final double DECREASE = 0.5;
  private static final int STEPS_TO_A_BATCH = 10;

  private final AIMDScalingStrategy strategy;
  private final int least;
  private int documents;
  private int decreases;

  Pace(int maxBatchSize, int maxInFlight) {
    int most = Math.multiplyExact(maxBatchSize, maxInFlight);
    this.least = Math.max(1, maxBatchSize / STEPS_TO_A_BATCH);
    this.documents = most;
    this.strategy =
        AIMDScalingStrategy.builder(most)
            .setIncreaseRate(least)
            .setDecreaseFactor(DECREASE)
            .build();
  }

  /** So many documents may be in flight now. */
  synchronized int documents() {
    return documents;
  }

  /** What a request that is sent now gives back with its outcome. */
  synchronized int decreases() {
    return decreases;
  }

  synchronized void inTime() {
    documents = strategy.scaleUp(documents);
  }

  /**
   * The servers refused documents for want of time, or did not answer.
   *
   * @param before {@link #decreases} when the request was sent
   */
  synchronized void overloaded(int before) {
    if (before == decreases) {
      documents = strategy.scaleDown(documents);
      decreases++;
    }
  }

  /** It was done, and late. Servers that are far away are always late: there is a least pace. */
  synchronized void late(int before) {
    if (documents / 2 >= least) {
      overloaded(before);
    }
  }
}
