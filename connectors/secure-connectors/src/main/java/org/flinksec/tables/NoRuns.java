// SPDX-License-Identifier: Apache-2.0
package org.flinksec.tables;

import java.util.List;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.dag.Pipeline;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.JobStatusHook;
import org.apache.flink.table.delegation.Executor;

/**
 * Runs nothing: what tables would run by themselves goes past the checks of the job, and begins
 * from nothing each time.
 */
final class NoRuns implements Executor {
  private final Executor flinks;

  NoRuns(Executor flinks) {
    this.flinks = flinks;
  }

  @Override
  public ReadableConfig getConfiguration() {
    return flinks.getConfiguration();
  }

  @Override
  public Pipeline createPipeline(
      List<Transformation<?>> transformations, ReadableConfig configuration, String name) {
    return flinks.createPipeline(transformations, configuration, name);
  }

  @Override
  public Pipeline createPipeline(
      List<Transformation<?>> transformations,
      ReadableConfig configuration,
      String name,
      List<JobStatusHook> hooks) {
    return flinks.createPipeline(transformations, configuration, name, hooks);
  }

  @Override
  public JobExecutionResult execute(Pipeline pipeline) {
    throw new RunRefusedException();
  }

  @Override
  public JobClient executeAsync(Pipeline pipeline) {
    throw new RunRefusedException();
  }

  @Override
  public boolean isCheckpointingEnabled() {
    return flinks.isCheckpointingEnabled();
  }
}
