// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import org.apache.flink.connector.base.sink.writer.strategy.RateLimitingStrategy;
import org.apache.flink.connector.base.sink.writer.strategy.RequestInfo;
import org.apache.flink.connector.base.sink.writer.strategy.ResultInfo;

/** A fixed number of requests at a time, and none while the next document must wait for its id. */
final class OrderedConcurrency implements RateLimitingStrategy {
  private final OrderedRequestBuffer buffer;
  private final int maxInFlight;
  private final int maxBatchSize;
  private int inFlight;

  OrderedConcurrency(OrderedRequestBuffer buffer, int maxInFlight, int maxBatchSize) {
    this.buffer = buffer;
    this.maxInFlight = maxInFlight;
    this.maxBatchSize = maxBatchSize;
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
    return inFlight >= maxInFlight || buffer.nextMustWait();
  }

  @Override
  public int getMaxBatchSize() {
    return maxBatchSize;
  }
}
