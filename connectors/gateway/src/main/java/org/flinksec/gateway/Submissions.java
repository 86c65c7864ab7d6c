// SPDX-License-Identifier: Apache-2.0
package org.flinksec.gateway;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.JobListener;

/** Counts the jobs that a program hands over, however it does. */
public final class Submissions implements JobListener {
  private final AtomicInteger count = new AtomicInteger();

  /** How many jobs Flink has taken. */
  public int count() {
    return count.get();
  }

  @Override
  public void onJobSubmitted(JobClient client, Throwable failure) {
    if (client != null) {
      count.incrementAndGet();
    }
  }

  @Override
  public void onJobExecuted(JobExecutionResult result, Throwable failure) {}
}
