// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.function.BooleanSupplier;
import org.apache.flink.connector.base.sink.writer.strategy.RateLimitingStrategy;
import org.apache.flink.connector.base.sink.writer.strategy.RequestInfo;
import org.apache.flink.connector.base.sink.writer.strategy.ResultInfo;

/**
 * So many requests at a time, so many documents as the {@link Pace} allows, and none while the next
 * document must wait for its id.
 *
 * <p>Flink's {@code CongestionControlRateLimitingStrategy} does it alike; it does not know why a
 * request failed, nor how long it took.
 */
final class OrderedConcurrency implements RateLimitingStrategy {
  private final OrderedRequestBuffer buffer;
  private final Pace pace;
  private final int maxInFlight;
  private final int maxBatchSize;
  private BooleanSupplier impatient = () -> false;
  private int requests;
  private int documents;

  /** What {@link #shouldBlock} throws in place of blocking. */
  static final class NotNowException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotNowException() {
      super(null, null, false, false);
    }
  }

  OrderedConcurrency(OrderedRequestBuffer buffer, Pace pace, SinkSettings.Limits limits) {
    this.buffer = buffer;
    this.pace = pace;
    this.maxInFlight = limits.maxInFlight();
    this.maxBatchSize = limits.maxBatchSize();
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
    requests++;
    documents += request.getBatchSize();
  }

  @Override
  public void registerCompletedRequest(ResultInfo result) {
    requests--;
    documents -= result.getBatchSize();
  }

  @Override
  public boolean shouldBlock(RequestInfo request) {
    if (impatient.getAsBoolean()) {
      throw new NotNowException();
    }
    return blocks(request.getBatchSize());
  }

  /** Whether nothing can be sent before a request has ended. */
  boolean blocks() {
    return blocks(Math.min(buffer.size(), getMaxBatchSize()));
  }

  private boolean blocks(int batchSize) {
    return requests >= maxInFlight
        || requests > 0 && documents + batchSize > pace.documents()
        || buffer.nextMustWait();
  }

  @Override
  public int getMaxBatchSize() {
    return Math.min(maxBatchSize, pace.documents());
  }

  /** Requests in flight, those that wait to be sent again included. */
  int requests() {
    return requests;
  }

  /** Their documents, at most. */
  int documents() {
    return documents;
  }
}
