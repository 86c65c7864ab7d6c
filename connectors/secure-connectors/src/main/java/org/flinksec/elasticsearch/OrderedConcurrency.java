// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.function.BooleanSupplier;
import org.apache.flink.connector.base.sink.writer.strategy.RateLimitingStrategy;
import org.apache.flink.connector.base.sink.writer.strategy.RequestInfo;
import org.apache.flink.connector.base.sink.writer.strategy.ResultInfo;

/** A fixed number of requests at a time, and none while the next document must wait for its id. */
final class OrderedConcurrency implements RateLimitingStrategy {
  private final OrderedRequestBuffer buffer;
  private final int maxInFlight;
  private final int maxBatchSize;
  private BooleanSupplier impatient = () -> false;
  private int inFlight;

  /** What {@link #shouldBlock} throws in place of blocking. */
  static final class NotNowException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotNowException() {
      super(null, null, false, false);
    }
  }

  OrderedConcurrency(OrderedRequestBuffer buffer, int maxInFlight, int maxBatchSize) {
    this.buffer = buffer;
    this.maxInFlight = maxInFlight;
    this.maxBatchSize = maxBatchSize;
    buffer.blockedWhile(this::blocks);
  }

  /**
   * Who waits for all requests is told by it to stop waiting.
   *
   * @param impatient whether to
   */
  void impatientWhile(BooleanSupplier impatient) {
    this.impatient = impatient;
  }

  @Override
  public void registerInFlightRequest(RequestInfo request) {
    inFlight++;
  }

  @Override
  public void registerCompletedRequest(ResultInfo result) {
    inFlight--;
  }

  @Override
  public boolean shouldBlock(RequestInfo request) {
    if (impatient.getAsBoolean()) {
      throw new NotNowException();
    }
    return blocks();
  }

  /** Whether nothing can be sent before a request has ended. */
  boolean blocks() {
    return inFlight >= maxInFlight || buffer.nextMustWait();
  }

  @Override
  public int getMaxBatchSize() {
    return maxBatchSize;
  }
}
